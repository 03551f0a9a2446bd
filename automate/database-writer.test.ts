import { createHash, randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { importJWK, SignJWT } from "jose";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createInternalApp, createRuntimeApp } from "@/automate/app";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { sealingKey } from "@/lib/secrets/sealing";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

// The rows of "Someone who can write to the database" in docs/threat-model.md: which changes automate
// detects. A test that fails here changes a sentence there.

const [former, current] = ["canary-former-51b0", "canary-current-51b0"];
let urls: TestDatabase;
let owner: Db;
let sql: Record<"owner" | "web", Client>;
let app: FastifyInstance;
let internal: FastifyInstance;
let ours: TestFabric;
let theirs: TestFabric;
let webKey: string;
let token: string;
/** A secret of two versions, whose name is its id. */
let secret: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  urls = await createTestDatabase("automate");
  webKey = web.WEB_SIGNING_KEY;
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://automate.test" });
  owner = createDb(urls.ownerUrl);
  sql = {
    owner: new Client({ connectionString: urls.ownerUrl }),
    web: new Client({ connectionString: urls.webUrl }),
  };
  await Promise.all(Object.values(sql).map((client) => client.connect()));
  ours = await createTestFabric(owner, "ours");
  theirs = await createTestFabric(owner, "theirs");
  app = createRuntimeApp({ keys: ours.keys, logger: false });
  const noCheck = () => Promise.reject(new Error("No check runs here."));
  internal = createInternalApp({ keys: ours.keys, reach: noCheck, runPrepared: noCheck, logger: false });
  token = await mint(ours, ours.admin.id);
});

afterAll(async () => {
  await app.close();
  await internal.close();
  await Promise.all(Object.values(sql).map((client) => client.end()));
  await owner.$disconnect();
  await closeDb();
});

beforeEach(async () => {
  secret = await addSecret(ours);
});

async function addSecret(fabric: TestFabric, values: readonly string[] = [former, current]): Promise<string> {
  const id = `s-${randomUUID()}`;
  const versions = values.map((value) => ({ by: "admin" as const, fields: { value } }));
  await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "text", versions });
  return id;
}

/** Sends automate a request as web does, on behalf of `actor`. */
async function ask(fabric: TestFabric, actor: string, purpose: string, path: string, body: object) {
  const payload = JSON.stringify(body);
  const now = Math.floor(Date.now() / 1000);
  const jws = await new SignJWT({
    iss: "web",
    aud: "automate",
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    actor,
    access_epoch: 0,
    auth_time: now,
    fabric: fabric.fabricId,
    purpose,
    htm: "POST",
    htu: `http://automate.test${path}`,
    body: createHash("sha256").update(payload).digest("base64url"),
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "selvage-request" })
    .sign(await importJWK(JSON.parse(webKey), "EdDSA"));
  const headers = { authorization: `Selvage ${jws}`, "content-type": "application/json" };
  return internal.inject({ method: "POST", url: path, headers, payload });
}

async function mint(fabric: TestFabric, actor: string): Promise<string> {
  const answer = await ask(fabric, actor, "token:create", "/internal/pipeline-tokens", {
    name: "nightly",
    expiresAt: null,
  });
  return answer.json().token;
}

async function read(name: string, by = token, query = "") {
  const answer = await app.inject({
    url: `/v1/secrets/${name}${query}`,
    headers: { authorization: `Bearer ${by}` },
  });
  return [answer.statusCode, answer.json().value ?? answer.json().error.code];
}

/** A connection to the attacker's host, with the secret as its password: web may write these rows. */
async function connect(): Promise<string> {
  const id = `c-${randomUUID()}`;
  const properties = {
    server: "evil.example",
    port: "5432",
    database: "d",
    username: "u",
    tlsMode: "verify-full",
  };
  await sql.web.query(
    `INSERT INTO connection (id, "fabricId", name, "nameKey", kind, properties, "configHash", "createdById", "createdByName", "updatedById", "updatedByName")
     VALUES ($1, $2, $1, $1, 'postgres', $3, 'x', 'x', 'x', 'x', 'x')`,
    [id, ours.fabricId, properties],
  );
  await sql.web.query(
    `INSERT INTO connection_secret ("connectionId", field, "secretId", "fabricId") VALUES ($1, 'password', $2, $3)`,
    [id, secret, ours.fabricId],
  );
  return id;
}

async function readConnection(name: string) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await app.inject({ url: `/v1/connections/${name}`, headers });
  return [answer.statusCode, answer.json().properties?.password ?? answer.json().error.code];
}

const sealedAt = `SELECT sealed FROM secret_field WHERE "secretId" = $1 AND version = $2`;

describe("automate detects the change and returns no value:", () => {
  test("a sealed value copied from another secret", async () => {
    const other = await addSecret(ours);
    await sql.owner.query(
      `UPDATE secret_field SET sealed = (${sealedAt}) WHERE "secretId" = $3 AND version = $2`,
      [other, 2, secret],
    );
    expect(await read(secret)).toEqual([500, "cannot_open"]);
  });

  test("a sealed value copied from another version of the same secret", async () => {
    await sql.owner.query(
      `UPDATE secret_field SET sealed = (${sealedAt}) WHERE "secretId" = $1 AND version = 2`,
      [secret, 1],
    );
    expect(await read(secret)).toEqual([500, "cannot_open"]);
  });

  test("a secret moved to another fabric, whose pipelines request it", async () => {
    const stolen = await addSecret(theirs);
    for (const table of ["secret_name", "secret_version", "secret_field"])
      await sql.owner.query(`UPDATE ${table} SET "fabricId" = $2 WHERE "secretId" = $1`, [
        stolen,
        ours.fabricId,
      ]);
    await sql.owner.query(`UPDATE secret SET "fabricId" = $2 WHERE id = $1`, [stolen, ours.fabricId]);
    expect(await read(stolen)).toEqual([500, "cannot_open"]);
  });

  test("a changed type", async () => {
    await sql.owner.query(`UPDATE secret SET "subKind" = 'binary' WHERE id = $1`, [secret]);
    expect(await read(secret)).toEqual([500, "cannot_open"]);
  });

  test("exchanged wrapped keys of two fabrics", async () => {
    const [a, b] = [await createTestFabric(owner, "a"), await createTestFabric(owner, "b")];
    const name = await addSecret(a);
    const wrapped = `(SELECT "wrappedPrivate", "wrappedKey" FROM fabric_key WHERE "fabricId" = $2)`;
    await sql.owner.query(
      `UPDATE fabric_key SET ("wrappedPrivate", "wrappedKey") = ${wrapped} WHERE "fabricId" = $1`,
      [a.fabricId, b.fabricId],
    );
    const [status] = await read(name, await mint(a, a.admin.id));
    expect(status).toBe(500);
  });

  test("a connection with its reference and no allowed destination", async () => {
    expect(await readConnection(await connect())).toEqual([409, "destination_not_allowed"]);
  });

  test("the attacker's public key, or another fabric's: web seals nothing to it", async () => {
    const [a, b] = [await createTestFabric(owner, "a"), await createTestFabric(owner, "b")];
    const own = JSON.stringify({ kty: "OKP", crv: "X25519", x: "A".repeat(43) });
    await sql.owner.query(`UPDATE fabric_key SET "publicJwk" = $2 WHERE "fabricId" = $1`, [a.fabricId, own]);
    await sql.owner.query(
      `UPDATE fabric_key SET ("publicJwk", signature) = (SELECT "publicJwk", signature FROM fabric_key WHERE "fabricId" = $2)
       WHERE "fabricId" = $1`,
      [b.fabricId, ours.fabricId],
    );
    await expect(sealingKey(a.fabricId, owner)).rejects.toThrow();
    await expect(sealingKey(b.fabricId, owner)).rejects.toThrow();
  });
});

/**
 * One change: the role that may write it by the grants, and the data that the attacker's pipeline or Admin
 * then gets.
 */
type Way = {
  title: string;
  by: "owner" | "web";
  write: (client: Client) => Promise<unknown>;
  gains: () => Promise<unknown>;
  expected: unknown;
};

describe("automate does not detect the change:", () => {
  const { token: ownToken, tokenHash } = newPipelineToken();
  const ways: Way[] = [
    {
      title: "the newest version deleted: the former value is served as the current one",
      by: "owner",
      write: (client) =>
        client.query(`DELETE FROM secret_version WHERE "secretId" = $1 AND version = 2`, [secret]),
      gains: () => read(secret),
      expected: [200, former],
    },
    {
      title: "a new version with the former manifest: the former value is served as the newest one",
      by: "web",
      write: (client) =>
        client.query(
          `INSERT INTO secret_version ("secretId", version, "fabricId", manifest, facts, "createdById", "createdByName")
           SELECT "secretId", 3, "fabricId", manifest, facts, "createdById", "createdByName"
           FROM secret_version WHERE "secretId" = $1 AND version = 1`,
          [secret],
        ),
      gains: () => read(secret),
      expected: [200, former],
    },
    {
      title: "a name that leads to another secret of the fabric: a pipeline receives the other value",
      by: "web",
      write: async (client) => {
        const other = await addSecret(ours, ["canary-other-51b0"]);
        await client.query(`UPDATE secret_name SET "secretId" = $1 WHERE "nameKey" = $2`, [other, secret]);
      },
      gains: () => read(secret),
      expected: [200, "canary-other-51b0"],
    },
    {
      title: "a deleted secret that was undeleted before it was purged",
      by: "web",
      write: async (client) => {
        await sql.owner.query(`UPDATE secret SET "deletedAt" = now() WHERE id = $1`, [secret]);
        expect((await read(secret))[0]).toBe(404);
        await client.query(`UPDATE secret SET "deletedAt" = NULL WHERE id = $1`, [secret]);
      },
      gains: () => read(secret),
      expected: [200, current],
    },
    {
      title: "a pipeline token of one's own: every value of the fabric",
      by: "owner",
      write: (client) =>
        client.query(
          `INSERT INTO pipeline_token (id, "fabricId", name, "tokenHash", "createdById", "createdByName")
           VALUES ($1, $2, 'nightly', $3, 'x', 'x') ON CONFLICT DO NOTHING`,
          [randomUUID(), ours.fabricId, tokenHash],
        ),
      gains: () => read(secret, ownToken),
      expected: [200, current],
    },
    {
      title: "an allowed destination: a pipeline takes the value to the attacker's host",
      by: "owner",
      write: (client) =>
        client.query(
          `INSERT INTO allowed_destination (id, "fabricId", "secretId", version, destination, "createdById", "createdByName")
           VALUES ($1, $2, $3, 2, 'postgres://evil.example:5432?tls=verify-full', 'x', 'x')`,
          [randomUUID(), ours.fabricId, secret],
        ),
      gains: async () => {
        const name = await connect();
        return readConnection(name);
      },
      expected: [200, current],
    },
    {
      title: "former versions switched on",
      by: "owner",
      write: (client) =>
        client.query(
          `INSERT INTO version_rule ("fabricId", "formerVersions", "updatedByName") VALUES ($1, 9, 'x')
           ON CONFLICT ("fabricId") DO UPDATE SET "formerVersions" = 9`,
          [ours.fabricId],
        ),
      gains: () => read(secret, token, "?version=1"),
      expected: [200, former],
    },
    {
      title: "a membership: the power of an Admin, and with a token that they mint every value",
      by: "web",
      write: (client) =>
        client.query(
          `INSERT INTO membership ("teamId", "userId", role) VALUES ($1, $2, 'admin') ON CONFLICT DO NOTHING`,
          [ours.teamId, theirs.admin.id],
        ),
      gains: async () => read(secret, await mint(ours, theirs.admin.id)),
      expected: [200, current],
    },
    {
      title: "a fabric that was moved to the attacker's team: the same",
      by: "owner",
      write: (client) =>
        client.query(`UPDATE fabric SET "teamId" = $2 WHERE id = $1`, [ours.fabricId, theirs.teamId]),
      gains: async () => {
        const gained = await read(secret, await mint(ours, theirs.admin.id));
        await sql.owner.query(`UPDATE fabric SET "teamId" = $2 WHERE id = $1`, [ours.fabricId, ours.teamId]);
        return gained;
      },
      expected: [200, current],
    },
    {
      title: "audit events that were cut",
      by: "owner",
      write: async (client) => {
        await read(secret);
        await client.query(`DELETE FROM audit_event WHERE "objectId" = $1`, [secret]);
      },
      gains: () => owner.auditEvent.count({ where: { objectId: secret } }),
      expected: 0,
    },
    {
      title: "audit events that were forged in the past, as if automate had written them",
      by: "owner",
      write: (client) =>
        client.query(
          `INSERT INTO audit_event (id, at, writer, "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName")
           VALUES ($1, now() - interval '1 year', 'selvage_automate', 'user', 'x', 'Ada', 'secret.use', 'secret', $2, 'x')`,
          [randomUUID(), secret],
        ),
      gains: () => owner.auditEvent.count({ where: { objectId: secret, writer: "selvage_automate" } }),
      expected: 1,
    },
    {
      title: "the result of a check that never ran",
      by: "owner",
      write: (client) =>
        client.query(
          `INSERT INTO connection_check (id, "fabricId", "configHash", ok, "tookMs", "actorId", "actorName") VALUES ($1, $2, $3, true, 1, 'x', 'x')`,
          [randomUUID(), ours.fabricId, secret],
        ),
      gains: () => owner.connectionCheck.count({ where: { configHash: secret, ok: true } }),
      expected: 1,
    },
  ];

  test.each(ways)("$title (by the rights of $by)", async ({ by, write, gains, expected }) => {
    // The grants deny web the rows that only the owner may write.
    if (by === "owner") await expect(write(sql.web)).rejects.toMatchObject({ code: "42501" });
    await write(sql[by]);
    expect(await gains()).toEqual(expected);
  });
});
