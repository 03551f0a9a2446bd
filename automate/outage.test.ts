import { createHash, randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { importJWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createInternalApp, createRuntimeApp } from "@/automate/app";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { openWire, type Wire } from "@/testing/wire";

const eventColumns = `id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details`;
const canary = "canary-5b1f02aa";
let owner: Db;
let fabric: TestFabric;
let wire: Wire;
let runtime: FastifyInstance;
let internal: FastifyInstance;
let headers: Record<string, string>;
let webKey: string;
/** The Vault mount: the fabric's name. */
let mount: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  webKey = web.WEB_SIGNING_KEY;
  const urls = await createTestDatabase("automate", { ownRoles: true });
  wire = await openWire(urls.automateUrl);
  Object.assign(process.env, web, automate, {
    AUTOMATE_URL: "http://automate.test",
    AUTOMATE_DATABASE_URL: wire.url,
  });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const { name } = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } });
  mount = name.replaceAll(" ", "_");
  await addTestSecret(owner, fabric, urls.webUrl, {
    id: "one",
    subKind: "text",
    versions: [{ by: "user", fields: { value: canary } }],
  });
  headers = { authorization: `Bearer ${(await addToken()).token}` };
  runtime = createRuntimeApp({ keys: fabric.keys, logger: false });
  const noCheck = () => Promise.reject(new Error("no checks"));
  internal = createInternalApp({ keys: fabric.keys, reach: noCheck, runPrepared: noCheck, logger: false });
});

afterAll(async () => {
  await runtime.close();
  await internal.close();
  await closeDb();
  await wire.close();
  await owner.$disconnect();
});

async function addToken() {
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: "x", createdByName: "x" };
  const { id } = await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by },
  });
  return { token, id };
}

const read = () => runtime.inject({ url: "/v1/secrets/one", headers });
const readByVault = () =>
  runtime.inject({
    url: `/vault/v1/${mount}/data/one`,
    headers: { "x-vault-token": headers.authorization?.slice("Bearer ".length) ?? "" },
  });
const ready = async () => {
  const answer = await runtime.inject({ url: "/readyz" });
  return [answer.statusCode, answer.json().error?.code ?? "ready"];
};
/** Polls until automate has noticed: it queries Postgres once a second. */
const becomes = (expected: unknown[]) =>
  vi.waitFor(async () => expect(await ready()).toEqual(expected), 8_000);

describe("readiness matches the answers to requests", () => {
  const database = () => new URL(wire.url).pathname.slice(1);
  const login = () => new URL(wire.url).username;
  const group = () => login().replace(/_login$/, "");

  test.each<[string, () => string[], () => string[], string]>([
    [
      "a database that is only read, as after a demotion",
      () => [`ALTER ROLE ${login()} SET default_transaction_read_only = on`],
      () => [`ALTER ROLE ${login()} RESET default_transaction_read_only`],
      "database_unavailable",
    ],
    [
      "no connection left",
      () => [`ALTER DATABASE ${database()} CONNECTION LIMIT 0`],
      () => [`ALTER DATABASE ${database()} CONNECTION LIMIT -1`],
      "database_unavailable",
    ],
    [
      "no right to record",
      () => [`REVOKE INSERT ON audit_event FROM ${group()}`],
      () => [`GRANT INSERT (${eventColumns}) ON audit_event TO ${group()}`],
      "rights_missing",
    ],
    [
      "no right to read sealed values",
      () => [`REVOKE SELECT ON secret_field FROM ${group()}`],
      () => [`GRANT SELECT ON secret_field TO ${group()}`],
      "rights_missing",
    ],
    [
      "a pooler that mixes up prepared statements",
      () => [
        `CREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '26000'; END $$`,
        `CREATE TRIGGER lost BEFORE INSERT ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION lost()`,
      ],
      () => [`DROP FUNCTION lost CASCADE`],
      "database_unavailable",
    ],
  ])(
    "%s causes 503 for a pipeline and a load balancer, and automate recovers automatically",
    async (_name, spoil, mend, code) => {
      await becomes([200, "ready"]);
      for (const sql of spoil()) await owner.$executeRawUnsafe(sql);
      wire.reset();
      const refused = await read();
      const refusedByVault = await readByVault();
      await becomes([503, code]);
      for (const sql of mend()) await owner.$executeRawUnsafe(sql);
      wire.reset();
      expect(refused.statusCode).toBe(503);
      expect(refused.headers["retry-after"]).toBe("2");
      expect(refused.json().error.code).toBe("database_unavailable");
      expect(refusedByVault.statusCode).toBe(503);
      expect(refusedByVault.headers["retry-after"]).toBe("2");
      expect(refused.body + refusedByVault.body).not.toContain(canary);
      await becomes([200, "ready"]);
      expect((await read()).statusCode).toBe(200);
    },
  );

  test("a disk without room for an event makes automate unready after the first failed read, until there is room", async () => {
    await owner.$executeRawUnsafe(
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$`,
    );
    await owner.$executeRawUnsafe(
      `CREATE TRIGGER full_disk BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION full_disk()`,
    );
    const refused = await read();
    expect([refused.statusCode, refused.json().error.code]).toEqual([503, "database_unavailable"]);
    await becomes([503, "database_unavailable"]);
    await owner.$executeRawUnsafe("DROP FUNCTION full_disk CASCADE");
    await becomes([200, "ready"]);
    expect(await owner.auditEvent.count({ where: { action: "fabric.update" } })).toBe(0);
  });

  test("a schema that requires a newer version makes automate unready", async () => {
    await owner.schemaInfo.updateMany({ data: { minimumProgramVersion: "0.10.0" } });
    await becomes([503, "program_too_old"]);
    await owner.schemaInfo.updateMany({ data: { minimumProgramVersion: "0.2.0" } });
    await becomes([200, "ready"]);
  });

  test("concurrent readiness probes share one query a second", async () => {
    const count = async () => {
      const [row] = await owner.$queryRaw<
        { n: number }[]
      >`SELECT sum(xact_commit)::int AS n FROM pg_stat_database
        WHERE datname = current_database()`;
      return row?.n ?? 0;
    };
    const before = await count();
    for (let i = 0; i < 20; i += 1) await Promise.all(Array.from({ length: 10 }, ready));
    expect((await count()) - before).toBeLessThan(20);
  });
});

describe("a request of web", () => {
  /** Sends a request signed as web signs it. */
  async function ask(purpose: string, path: string, body: object) {
    const payload = JSON.stringify(body);
    const now = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({
      actor: fabric.admin.id,
      access_epoch: 0,
      auth_time: now,
      fabric: fabric.fabricId,
      purpose,
      htm: "POST",
      htu: `http://automate.test${path}`,
      body: createHash("sha256").update(payload).digest("base64url"),
      jti: randomUUID(),
    })
      .setProtectedHeader({ alg: "EdDSA", typ: "selvage-request" })
      .setIssuer("web")
      .setAudience("automate")
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(await importJWK(JSON.parse(webKey), "EdDSA"));
    return internal.inject({
      method: "POST",
      url: path,
      headers: { authorization: `Selvage ${token}`, "content-type": "application/json" },
      payload,
    });
  }
  const revoke = (tokenId: string) => ask("token:revoke", "/internal/pipeline-tokens/revoke", { tokenId });

  test("for a check returns the outage that it met", async () => {
    const group = new URL(wire.url).username.replace(/_login$/, "");
    await owner.$executeRawUnsafe(`REVOKE INSERT ON audit_event FROM ${group}`);
    const body = { kind: "none", connectionName: "Orders", properties: {}, isConfirmed: false };
    const answer = await ask("connection:check", "/internal/checks", body);
    await owner.$executeRawUnsafe(`GRANT INSERT (${eventColumns}) ON audit_event TO ${group}`);
    expect(JSON.parse(answer.body)).toMatchObject({
      type: "result",
      ok: false,
      code: "database_unavailable",
    });
  });

  test("has an unknown outcome when Postgres does not answer its commit", async () => {
    const { id } = await addToken();
    const cut = wire.cutAfter("COMMIT");
    const [answer] = await Promise.all([revoke(id), cut]);
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, "outcome_unknown"]);
    expect(await owner.pipelineToken.findUnique({ where: { id } })).toMatchObject({
      revokedAt: expect.any(Date),
    });
  });

  test("is not saved when the connection breaks before the commit", async () => {
    const { id } = await addToken();
    const cut = wire.cutAfter(`UPDATE "public"."pipeline_token"`);
    const [answer] = await Promise.all([revoke(id), cut]);
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, "database_unavailable"]);
    expect(await owner.pipelineToken.findUnique({ where: { id } })).toMatchObject({ revokedAt: null });
  });
});
