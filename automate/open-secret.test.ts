import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CurrentSecret, findSecretById, findSecretByName } from "@/automate/current-secret";
import { allowDestinations } from "@/automate/destinations";
import { createFabricKeys, requireMasterKey, WrongMasterKey } from "@/automate/fabric-keys";
import { openSecrets } from "@/automate/open-secret";
import { prepareCheck } from "@/automate/prepare-check";
import { purge } from "@/automate/purge";
import { authorizePipeline, newPipelineToken } from "@/lib/access/pipeline";
import { CannotOpen } from "@/lib/crypto/open";
import { createDb, type Db, db } from "@/lib/db";
import { openLocalKms } from "@/lib/kms/local";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import { createTestDatabase, type TestDatabase } from "@/scripts/test-database";
import { createTestFabric, type TestFabric } from "@/scripts/test-fabric";
import { createTestKeys } from "@/scripts/test-keys";

const place = "postgres://db.example.com:5432?tls=verify-full";
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let counter = 0;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://127.0.0.1:3001" });
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

afterAll(async () => {
  await owner.$disconnect();
  await db.$disconnect();
});

const check = (role: "user" | "admin") => fabric.scope(role, "connection:check");
const pipeline = () => ({
  for: "pipeline" as const,
  scope: fabric.scope("pipeline", "secret:use"),
  source: "127.0.0.1",
});

/** A sealed secret, one version after another, each entered by somebody. */
async function addSecret(
  subKind: string,
  versions: { by: "user" | "admin"; fields: Record<string, string> }[],
  facts = {},
) {
  counter += 1;
  const id = `s${counter}`;
  const by = fabric.user;
  const { fabricId } = fabric;
  const who = { createdById: by.id, createdByName: by.name };
  await owner.secret.create({
    data: {
      id,
      fabricId,
      name: id,
      nameKey: id,
      subKind,
      ...who,
      updatedById: by.id,
      updatedByName: by.name,
    },
  });
  await owner.secretName.create({ data: { fabricId, name: id, nameKey: id, secretId: id } });
  let manifest: Record<string, number> = {};
  for (const [index, { by: role, fields }] of versions.entries()) {
    const version = index + 1;
    process.env.WEB_DATABASE_URL = urls.webUrl;
    const sealed = await sealFields(
      await sealingKey(owner, fabricId),
      { secretId: id, subKind, version },
      fields,
    );
    delete process.env.WEB_DATABASE_URL;
    manifest = { ...manifest, ...Object.fromEntries(Object.keys(fields).map((field) => [field, version])) };
    await owner.secretVersion.create({
      data: {
        secretId: id,
        version,
        fabricId,
        manifest,
        facts,
        createdById: fabric[role].id,
        createdByName: fabric[role].name,
      },
    });
    await owner.secretField.createMany({ data: sealed });
  }
  const secret = await findSecretById({ fabricId }, id);
  if (!secret) throw new Error("not written");
  return secret;
}

describe("the one function that opens", () => {
  test("opens each field for a pipeline, with its audit event committed first", async () => {
    const secret = await addSecret("username_password", [
      { by: "user", fields: { username: "svc", password: "one" } },
      { by: "user", fields: { password: "two" } },
    ]);
    const [opened] = await openSecrets(fabric.keys, pipeline(), [
      { secret, fields: ["username", "password"], destinations: [] },
    ]);
    expect([opened?.username?.revealText(), opened?.password?.revealText()]).toEqual(["svc", "two"]);
    const [event] = await owner.auditEvent.findMany({ where: { objectId: secret.id, action: "secret.use" } });
    expect(event).toMatchObject({ actorKind: "pipeline", details: { version: 2, source: "127.0.0.1" } });
    expect(event?.writer).toMatch(/_automate_login$/);
  });

  test("opens nothing when the audit event cannot be committed", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    await owner.$executeRaw`ALTER TABLE audit_event ADD CONSTRAINT full_disk CHECK ("objectId" <> 's2')`;
    expect(secret.id).toBe("s2");
    await expect(
      openSecrets(fabric.keys, pipeline(), [{ secret, fields: ["value"], destinations: [] }]),
    ).rejects.toThrow();
    await owner.$executeRaw`ALTER TABLE audit_event DROP CONSTRAINT full_disk`;
  });

  test("refuses a check whose destination is not allowed for this very version, whoever calls it", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const purpose = { for: "check" as const, scope: check("admin"), connection: "c" };
    const opening = { secret, fields: ["value"], destinations: [place] };
    await expect(openSecrets(fabric.keys, purpose, [opening])).rejects.toThrow("may not be sent there");
    await expect(openSecrets(fabric.keys, purpose, [{ ...opening, destinations: [] }])).rejects.toThrow(
      "may not be sent there",
    );
    await allowDestinations(check("user"), secret, [place]);
    await expect(openSecrets(fabric.keys, purpose, [opening])).resolves.toHaveLength(1);
    await expect(
      openSecrets(fabric.keys, purpose, [{ ...opening, secret: { ...secret, version: 2 } }]),
    ).rejects.toThrow("may not be sent there");
    await expect(
      openSecrets(fabric.keys, purpose, [{ ...opening, destinations: [place, "https://evil.example:443"] }]),
    ).rejects.toThrow("may not be sent there");
  });

  test("refuses a secret of another fabric", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const other = await createTestFabric(owner, "other");
    const scope = other.scope("pipeline", "secret:use");
    const attempt = openSecrets(fabric.keys, { for: "pipeline", scope, source: "" }, [
      { secret, fields: ["value"], destinations: [] },
    ]);
    await expect(attempt).rejects.toThrow("no such secret");
  });

  test("does not open an Auth URL that points elsewhere than its clear host says", async () => {
    const fields = { clientId: "i", clientSecret: "s", authUrl: "https://evil.example/token" };
    const secret = await addSecret("m2m_oauth", [{ by: "user", fields }], { authHost: "idp.example:443" });
    const destinations = ["oauth-token://idp.example:443"];
    await allowDestinations(check("user"), secret, destinations);
    const purpose = { for: "check" as const, scope: check("user"), connection: "c" };
    await expect(
      openSecrets(fabric.keys, purpose, [{ secret, fields: Object.keys(fields), destinations }]),
    ).rejects.toThrow(CannotOpen);
  });

  test("does not open rows that were swapped, in either direction", async () => {
    const [a, b] = [
      await addSecret("text", [{ by: "user", fields: { value: "a" } }]),
      await addSecret("text", [{ by: "user", fields: { value: "b" } }]),
    ];
    await owner.$executeRaw`UPDATE secret_field x SET sealed = y.sealed FROM secret_field y
      WHERE (x."secretId", y."secretId") IN ((${a.id}, ${b.id}), (${b.id}, ${a.id}))`;
    for (const secret of [a, b]) {
      await expect(
        openSecrets(fabric.keys, pipeline(), [{ secret, fields: ["value"], destinations: [] }]),
      ).rejects.toThrow(CannotOpen);
    }
  });
});

describe("a new destination", () => {
  test("is allowed by an Admin or by whoever entered every field, and by nobody else", async () => {
    const mine = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const theirs = await addSecret("text", [{ by: "admin", fields: { value: "v" } }]);
    const mixed = await addSecret("username_password", [
      { by: "admin", fields: { username: "u", password: "p" } },
      { by: "user", fields: { username: "mine" } },
    ]);
    expect(await allowDestinations(check("user"), mine, [place])).toEqual([]);
    expect(await allowDestinations(check("user"), theirs, [place])).toEqual([place]);
    expect(await allowDestinations(check("user"), mixed, [place])).toEqual([place]);
    expect(await owner.allowedDestination.count({ where: { secretId: { in: [theirs.id, mixed.id] } } })).toBe(
      0,
    );
    const stale = { ...check("admin"), actor: { ...fabric.admin, authenticatedAt: new Date(0) } };
    expect(await allowDestinations(stale, mixed, [place])).toEqual([place]);
    expect(await allowDestinations(check("admin"), mixed, [place])).toEqual([]);
  });

  test.each([
    ["host", { server: "evil.example" }],
    ["port", { port: "5433" }],
    ["TLS mode", { tlsMode: "disable" }],
  ])("comes with another %s, and a colleague may not send the secret there", async (_what, change) => {
    const secret = await addSecret("text", [{ by: "admin", fields: { value: "v" } }]);
    const properties = {
      server: "db.example.com",
      port: "5432",
      database: "d",
      username: "u",
      password: secret.id,
    };
    expect((await prepareCheck(check("admin"), "postgres", properties)).ok).toBe(true);
    expect(
      (await prepareCheck(check("user"), "postgres", { ...properties, server: "DB.example.com." })).ok,
    ).toBe(true);
    const refused = await prepareCheck(check("user"), "postgres", { ...properties, ...change });
    expect(refused).toMatchObject({
      ok: false,
      code: "destination_not_allowed",
      fieldErrors: { password: expect.any(String) },
    });
  });

  test("comes with another certificate authority, by itself or as a new version of it", async () => {
    const secret = await addSecret("text", [{ by: "admin", fields: { value: "v" } }]);
    const trusted = await addSecret("text", [{ by: "admin", fields: { value: "ca" } }]);
    const own = await addSecret("text", [{ by: "user", fields: { value: "ca" } }]);
    const properties = { server: "db.example.com", database: "d", username: "u", password: secret.id };
    const ask = async (role: "user" | "admin", caCertificate?: CurrentSecret) =>
      (await prepareCheck(check(role), "postgres", { ...properties, caCertificate: caCertificate?.id })).ok;
    expect(await ask("admin")).toBe(true);
    expect(await ask("user", own)).toBe(false);
    expect(await ask("admin", trusted)).toBe(true);
    expect(await ask("user", trusted)).toBe(true);
    const { id: createdById, name: createdByName } = fabric.user;
    const next = { secretId: trusted.id, version: 2, fabricId: fabric.fabricId, createdById, createdByName };
    await owner.secretVersion.create({ data: { ...next, manifest: { value: 2 }, facts: {} } });
    expect(await ask("user", trusted)).toBe(false);
  });

  test("of an OAuth client may trust an authority of its own", async () => {
    const fields = { clientId: "c", clientSecret: "s", authUrl: "https://idp.example.com/token" };
    const client = await addSecret("m2m_oauth", [{ by: "user", fields }], {
      authHost: "idp.example.com:443",
    });
    const authority = await addSecret("text", [{ by: "user", fields: { value: "ca" } }]);
    const prepared = await prepareCheck(check("user"), "restapi", {
      baseUrl: "https://api.example.com",
      authType: "oauth_client_credentials",
      oauthClient: client.id,
      caCertificate: authority.id,
    });
    if (!prepared.ok) throw new Error(prepared.code);
    const openings = prepared.value.openings.map(({ opening }) => opening);
    expect(
      await openSecrets(fabric.keys, { for: "check", scope: check("user"), connection: "c" }, openings),
    ).toHaveLength(2);
  });
});

describe("a pipeline's token", () => {
  test("works until it expires or is revoked, and is stored as its hash alone", async () => {
    const { token, tokenHash } = newPipelineToken();
    const row = {
      fabricId: fabric.fabricId,
      name: "nightly",
      tokenHash,
      createdById: "x",
      createdByName: "x",
    };
    const { id } = await owner.pipelineToken.create({ data: row });
    expect((await authorizePipeline(token))?.fabricId).toBe(fabric.fabricId);
    await owner.pipelineToken.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await authorizePipeline(token)).toBeNull();
    await owner.pipelineToken.update({ where: { id }, data: { expiresAt: null, revokedAt: new Date() } });
    expect(await authorizePipeline(token)).toBeNull();
    expect(await authorizePipeline(newPipelineToken().token)).toBeNull();
    expect(await authorizePipeline(tokenHash)).toBeNull();
  });
});

describe("keys", () => {
  test("wrapped by another master key are named at boot and do not unwrap", async () => {
    const { automate } = await createTestKeys();
    const wrong = await openLocalKms(automate.MASTER_KEY_FILE);
    await expect(requireMasterKey(wrong)).rejects.toThrow(WrongMasterKey);
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    const wrongKeys = createFabricKeys(db, wrong, JSON.parse(automate.AUTOMATE_SIGNING_KEY));
    await expect(
      openSecrets(wrongKeys, pipeline(), [{ secret, fields: ["value"], destinations: [] }]),
    ).rejects.toThrow(CannotOpen);
    const right = await openLocalKms(process.env.MASTER_KEY_FILE ?? "");
    await expect(requireMasterKey(right)).resolves.toBeUndefined();
  });
});

describe("a deleted secret", () => {
  test("is not found by a pipeline, and its sealed values are destroyed", async () => {
    const secret = await addSecret("text", [{ by: "user", fields: { value: "v" } }]);
    expect(await findSecretByName({ fabricId: fabric.fabricId }, secret.name.toUpperCase())).toMatchObject({
      id: secret.id,
    });
    await owner.secret.update({ where: { id: secret.id }, data: { deletedAt: new Date() } });
    expect(await findSecretByName({ fabricId: fabric.fabricId }, secret.name)).toBeNull();
    await purge();
    expect(await owner.secretField.count({ where: { secretId: secret.id } })).toBe(0);
    expect(await owner.auditEvent.count({ where: { objectId: secret.id, action: "secret.purge" } })).toBe(1);
  });
});
