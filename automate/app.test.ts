import { createHash, randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createInternalApp, createRuntimeApp } from "@/automate/app";
import { type CheckPool, createCheckPool } from "@/automate/checks/pool";
import { createReach } from "@/automate/checks/reach";
import { createPreparedRuns } from "@/automate/checks/run";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import type { TokenLimits } from "@/lib/internal-api/bodies/pipeline-token";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { countWaiting } from "@/testing/waiting-queries";

const canary = "canary-93ab51f0";
let owner: Db;
let app: FastifyInstance;
let internal: FastifyInstance;
const workerPath = builtCheckWorker();
let pool: CheckPool;
let fabric: TestFabric;
let other: TestFabric;
let webKey: string;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  webKey = web.WEB_SIGNING_KEY;
  Object.assign(process.env, web, automate, {
    AUTOMATE_URL: "http://automate.test",
    WEB_DATABASE_URL: urls.webUrl,
  });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
  await addSecret("warehouse", canary);
  delete process.env.WEB_DATABASE_URL;
  pool = createCheckPool({ workerPath });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
  internal = createInternalApp({
    keys: fabric.keys,
    reach: createReach(pool),
    runPrepared: createPreparedRuns({ keys: fabric.keys, pool }),
    logger: false,
  });
});

afterAll(async () => {
  await app.close();
  await internal.close();
  pool.close();
  await owner.$disconnect();
  await closeDb();
});

async function addSecret(name: string, value: string) {
  const { fabricId, user } = fabric;
  const who = { createdById: user.id, createdByName: user.name };
  const id = name;
  await owner.secret.create({
    data: {
      id,
      fabricId,
      name,
      nameKey: name,
      subKind: "text",
      ...who,
      updatedById: user.id,
      updatedByName: user.name,
    },
  });
  await owner.secretName.create({ data: { fabricId, name, nameKey: name, secretId: id } });
  await owner.secretVersion.create({
    data: { secretId: id, version: 1, fabricId, manifest: { value: 1 }, metadata: {}, ...who },
  });
  const place = { secretId: id, subKind: "text", version: 1 };
  await owner.secretField.createMany({
    data: await sealFields(await sealingKey(fabricId, owner), place, { value }),
  });
}

type Claims = Record<string, string | number>;

/** A request signed as web signs it, with any claim changed. */
async function signed(
  purpose: string,
  path: string,
  body: object,
  change: Claims = {},
  key = webKey,
  sentBody = body,
) {
  const text = JSON.stringify(body);
  const now = Math.floor(Date.now() / 1000);
  const claims: Claims = {
    iss: "web",
    aud: "automate",
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    actor: fabric.admin.id,
    access_epoch: 0,
    auth_time: now,
    fabric: fabric.fabricId,
    purpose,
    htm: "POST",
    htu: `http://automate.test${path}`,
    body: createHash("sha256").update(text).digest("base64url"),
    ...change,
  };
  const jws = await new SignJWT(claims)
    .setProtectedHeader({ alg: "EdDSA", typ: "selvage-request" })
    .sign(await importJWK(JSON.parse(key), "EdDSA"));
  return {
    method: "POST" as const,
    url: path,
    headers: { authorization: `Selvage ${jws}`, "content-type": "application/json" },
    payload: JSON.stringify(sentBody),
  };
}

const unlimited: TokenLimits = { secretIds: [], connectionIds: [], cidrs: [] };

async function mintToken(
  expiresAt: string | null = null,
  limits: Partial<TokenLimits> = {},
): Promise<{ id: string; token: string }> {
  const body = { name: "nightly", expiresAt, limits: { ...unlimited, ...limits } };
  return (await internal.inject(await signed("token:create", "/internal/pipeline-tokens", body))).json();
}

const read = (name: string, token: string) =>
  app.inject({ url: `/v1/secrets/${name}`, headers: { authorization: `Bearer ${token}` } });

describe("a request signed by web", () => {
  const path = "/internal/pipeline-tokens";
  const body = { name: "nightly", expiresAt: null };

  test("is accepted once", async () => {
    const request = await signed("token:create", path, body);
    expect((await internal.inject(request)).statusCode).toBe(200);
    const again = await internal.inject(request);
    expect([again.statusCode, again.json().error.code]).toEqual([401, "replayed"]);
  });

  test.each<[string, Claims]>([
    ["for another purpose", { purpose: "token:revoke" }],
    ["for another path", { htu: "http://automate.test/internal/checks" }],
    ["for another host", { htu: "http://elsewhere.test/internal/pipeline-tokens" }],
    ["with another method", { htm: "GET" }],
    ["with the hash of another body", { body: "x" }],
    ["by another issuer", { iss: "automate" }],
    ["for another audience", { aud: "web" }],
    ["that lives longer than a minute", { exp: Math.floor(Date.now() / 1000) + 3600 }],
  ])("is refused: %s", async (_what, change) => {
    const answer = await internal.inject(await signed("token:create", path, body, change));
    expect([answer.statusCode, answer.json().error.code]).toEqual([401, "not_signed"]);
  });

  test.each([-180, 180])("%i seconds away from automate's clock is refused for its time", async (seconds) => {
    const iat = Math.floor(Date.now() / 1000) + seconds;
    const change = { iat, exp: iat + 60 };
    const answer = await internal.inject(await signed("token:create", path, body, change));
    expect([answer.statusCode, answer.json().error.code]).toEqual([401, "wrong_time"]);
    const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const foreign = JSON.stringify(await exportJWK(privateKey));
    const unsigned = await internal.inject(await signed("token:create", path, body, change, foreign));
    expect(unsigned.json().error.code).toBe("not_signed");
  });

  test("is refused when another key signed it, when it was changed in transit, or when it is unsigned", async () => {
    const { web } = await createTestKeys();
    const stranger = await internal.inject(await signed("token:create", path, body, {}, web.WEB_SIGNING_KEY));
    const changed = await internal.inject(
      await signed("token:create", path, body, {}, webKey, { ...body, name: "mine" }),
    );
    const bare = await internal.inject({ method: "POST", url: path, payload: body });
    expect([stranger.statusCode, changed.statusCode, bare.statusCode]).toEqual([401, 401, 401]);
  });

  test("is refused when the person is locked, is not a member or is not an Admin", async () => {
    const asUser = await internal.inject(await signed("token:create", path, body, { actor: fabric.user.id }));
    const asStranger = await internal.inject(
      await signed("token:create", path, body, { actor: other.admin.id }),
    );
    const nowhere = await internal.inject(await signed("token:create", path, body, { fabric: randomUUID() }));
    expect([asUser.statusCode, asStranger.statusCode, nowhere.statusCode]).toEqual([403, 404, 404]);
    expect(asStranger.body).toBe(nowhere.body);
    await owner.user.update({ where: { id: fabric.user.id }, data: { lockedAt: new Date() } });
    const locked = await internal.inject(await signed("token:create", path, body, { actor: fabric.user.id }));
    expect(locked.statusCode).toBe(401);
    await owner.user.update({ where: { id: fabric.user.id }, data: { lockedAt: null } });
  });

  test("is answered on the internal port only, and the runtime API on its own port only", async () => {
    const request = await signed("token:create", path, body);
    const atRuntime = await app.inject(request);
    expect([atRuntime.statusCode, atRuntime.json().error.code]).toEqual([404, "not_found"]);
    const { token } = (await internal.inject(request)).json();
    const headers = { authorization: `Bearer ${token}` };
    for (const url of ["/v1/secrets/warehouse", `/vault/v1/${fabric.fabricId}/data/warehouse`]) {
      expect((await app.inject({ url, headers })).statusCode).toBe(200);
      const atInternal = await internal.inject({ url, headers });
      expect([atInternal.statusCode, atInternal.json().error.code]).toEqual([404, "not_found"]);
    }
    for (const url of ["/healthz", "/readyz"])
      expect([(await app.inject(url)).statusCode, (await internal.inject(url)).statusCode]).toEqual([
        200, 200,
      ]);
  });

  test("that manages tokens requires a sign-in within the last ten minutes", async () => {
    const old = Math.floor(Date.now() / 1000) - 11 * 60;
    const answer = await internal.inject(await signed("token:create", path, body, { auth_time: old }));
    expect([answer.statusCode, answer.json().error.code]).toEqual([403, "not_fresh"]);
  });

  test("creates a key for a new fabric only, and for an Admin only", async () => {
    const fresh = randomUUID();
    const ask = async (fabricId: string, actor: string) =>
      (
        await internal.inject(
          await signed(
            "fabric-key:create",
            "/internal/fabric-keys",
            { fabricId },
            { fabric: fabricId, actor },
          ),
        )
      ).statusCode;
    expect(await ask(fresh, fabric.user.id)).toBe(403);
    expect(await ask(fresh, fabric.admin.id)).toBe(200);
    expect(await ask(fresh, fabric.admin.id)).toBe(409);
    expect(await ask(other.fabricId, fabric.admin.id)).toBe(409);
  });
});

describe("GET /v1/secrets/{name}", () => {
  let token: string;
  let tokenId: string;

  beforeEach(async () => {
    ({ token, id: tokenId } = await mintToken());
  });

  test("returns the value and its version to a pipeline of the fabric, and ignores the case of the name", async () => {
    const answer = await read("Warehouse", token);
    expect(answer.json()).toEqual({ name: "warehouse", subKind: "text", version: 1, value: canary });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test("records the use before it answers", async () => {
    await read("warehouse", token);
    const [event] = await owner.auditEvent.findMany({ where: { actorId: tokenId, action: "secret.use" } });
    expect(event).toMatchObject({ objectName: "warehouse", details: { version: 1, purpose: "pipeline" } });
    expect(JSON.stringify(event)).not.toContain(canary);
  });

  test("returns 401 with one body for a missing, malformed, unknown, expired or revoked token", async () => {
    const expired = await mintToken(new Date(Date.now() + 60_000).toISOString());
    await owner.pipelineToken.update({ where: { id: expired.id }, data: { expiresAt: new Date(0) } });
    await internal.inject(await signed("token:revoke", "/internal/pipeline-tokens/revoke", { tokenId }));
    const answers = [
      await app.inject({ url: "/v1/secrets/warehouse" }),
      await read("warehouse", "x"),
      await read("warehouse", `svp_${"A".repeat(43)}`),
      await read("warehouse", expired.token),
      await read("warehouse", token),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 401, 401]);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });

  test("returns 404 with one body for a missing secret and for another fabric's secret, and records the refusal", async () => {
    const missing = await read("warehous", token);
    expect([missing.statusCode, missing.json().error.code]).toEqual([404, "not_found"]);
    const events = await owner.auditEvent.findMany({ where: { actorId: tokenId, action: "secret.refuse" } });
    expect(events.map(({ objectName }) => objectName)).toEqual(["warehous"]);
    await read(encodeURIComponent("p@ss word!"), token);
    expect((await read("%00", token)).statusCode).toBe(404);
    expect(await owner.auditEvent.count({ where: { objectName: { contains: "p@ss" } } })).toBe(0);
  });

  test("accepts neither web's session nor a signed request", async () => {
    const cookie = await app.inject({
      url: "/v1/secrets/warehouse",
      headers: { cookie: "next-auth.session-token=x" },
    });
    const { headers } = await signed("token:create", "/internal/pipeline-tokens", {});
    const asWeb = await app.inject({ url: "/v1/secrets/warehouse", headers });
    expect([cookie.statusCode, asWeb.statusCode]).toEqual([401, 401]);
  });
});

/** Sums the counts of an aggregated event: a new minute can begin during the test. */
function countOf({ details }: { details: unknown }): number {
  return typeof details === "object" && details !== null && "count" in details ? Number(details.count) : 1;
}

describe("an unchanged secret", () => {
  const ask = (token: string, tag: string) =>
    app.inject({
      url: "/v1/secrets/warehouse",
      headers: { authorization: `Bearer ${token}`, "if-none-match": tag },
    });
  const counts = async (actorId: string) => {
    await flushAggregatedEvents();
    const events = await owner.auditEvent.findMany({ where: { actorId, action: "secret.unchanged" } });
    expect(events[0]).toMatchObject({ objectName: "warehouse", details: { version: 1, name: "warehouse" } });
    return events.reduce((sum, event) => sum + countOf(event), 0);
  };

  test("returns 304 without opening a secret, and records one event with a count", async () => {
    const { token, id } = await mintToken();
    const { etag = "" } = (await read("warehouse", token)).headers;
    expect(etag).toBe('W/"warehouse.1"');
    for (const tag of [`${etag}`, `"x", ${etag}`, '"warehouse.1"']) {
      const answer = await ask(token, tag);
      expect([answer.statusCode, answer.body, answer.headers.etag]).toEqual([304, "", etag]);
    }
    expect(await owner.auditEvent.count({ where: { actorId: id, action: "secret.use" } })).toBe(1);
    expect(await counts(id)).toBe(3);
    expect(await counts(id)).toBe(3);
  });

  test("is returned to a caller that has another version or none", async () => {
    const { token } = await mintToken();
    for (const tag of ['"warehouse.2"', '"other.1"', "*", ""]) {
      expect((await ask(token, tag)).json().value).toBe(canary);
    }
  });
});

describe("POST /v1/secrets:batch", () => {
  const ask = (token: string, body: object, path = "/v1/secrets:batch") =>
    app.inject({
      method: "POST",
      url: path,
      payload: body,
      headers: { authorization: `Bearer ${token}` },
    });

  test("returns many secrets in the order of the requested names, and records each use", async () => {
    await addSecret("second", `${canary}-2`);
    const { token, id } = await mintToken();
    const answer = await ask(token, { names: ["Second", "warehouse"] });
    expect(answer.json().secrets.map(({ name, value }: Record<string, string>) => [name, value])).toEqual([
      ["second", `${canary}-2`],
      ["warehouse", canary],
    ]);
    expect(await owner.auditEvent.count({ where: { actorId: id, action: "secret.use" } })).toBe(2);
  });

  test("opens a secret once when the caller requests it twice", async () => {
    const { token, id } = await mintToken();
    const answer = await ask(token, { names: ["warehouse", "second", "warehouse"] });
    const names = (answer.json().secrets as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(["warehouse", "second", "warehouse"]);
    expect(await owner.auditEvent.count({ where: { actorId: id, action: "secret.use" } })).toBe(2);
  });

  test("returns nothing when one name is missing, names that one, and does not echo an invalid name", async () => {
    const { token, id } = await mintToken();
    const answer = await ask(token, { names: ["warehouse", "warehosue", "p@ss word"] });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error).toMatchObject({
      code: "not_found",
      errors: [
        { index: 1, name: "warehosue", code: "not_found" },
        { index: 2, name: "", code: "not_found" },
      ],
    });
    expect(answer.body).not.toContain(canary);
    const events = await owner.auditEvent.findMany({
      where: { actorId: id, action: { not: "token.create" } },
    });
    expect(events.map(({ action, objectName }) => [action, objectName])).toEqual([
      ["secret.refuse", "warehosue"],
      ["secret.refuse", ""],
    ]);
  });

  test.each([
    ["no list", { names: "warehouse" }],
    ["an empty list", { names: [] }],
    ["more than a hundred names", { names: Array.from({ length: 101 }, () => "warehouse") }],
    ["another member", { names: ["warehouse"], version: 1 }],
  ])("rejects %s as malformed", async (_what, body) => {
    const { token } = await mintToken();
    expect((await ask(token, body)).statusCode).toBe(400);
  });

  test("requires a token, and answers at its own path only", async () => {
    const { token } = await mintToken();
    expect((await ask("x", { names: ["warehouse"] })).statusCode).toBe(401);
    expect((await ask(token, { names: ["warehouse"] }, "/v1/secretsXbatch")).statusCode).toBe(404);
  });
});

async function addConnection(name: string, secrets: Record<string, string>) {
  const { fabricId, user } = fabric;
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const properties = { server: "db.example.com", port: "5432", database: "sales", username: "svc" };
  const row = { id: name, fabricId, name, nameKey: name.toLowerCase(), kind: "postgres", configHash: "h" };
  await owner.connection.create({ data: { ...row, properties, ...by } });
  await owner.connectionSecret.createMany({
    data: Object.entries(secrets).map(([field, secretId]) => ({
      connectionId: name,
      field,
      secretId,
      fabricId,
    })),
  });
  await owner.allowedDestination.createMany({
    data: Object.values(secrets).map((secretId) => ({
      fabricId,
      secretId,
      version: 1,
      destination: "postgres://db.example.com:5432?tls=verify-full",
      createdById: user.id,
      createdByName: user.name,
    })),
    skipDuplicates: true,
  });
}

const readConnection = (name: string, token: string, headers = {}) =>
  app.inject({
    url: `/v1/connections/${encodeURIComponent(name)}`,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });

describe("GET /v1/connections/{name}", () => {
  test("fills in the secrets, returns their versions and records a use of each", async () => {
    await addSecret("login", `${canary}-3`);
    await addConnection("Sales DB", { password: "login" });
    const { token, id } = await mintToken();
    const answer = await readConnection("sales db", token);
    expect(answer.json()).toEqual({
      id: "Sales DB",
      name: "Sales DB",
      kind: "postgres",
      properties: {
        server: "db.example.com",
        port: "5432",
        database: "sales",
        username: "svc",
        password: `${canary}-3`,
      },
      secrets: { password: { name: "login", subKind: "text", version: 1 } },
    });
    const [event] = await owner.auditEvent.findMany({ where: { actorId: id, action: "secret.use" } });
    expect(event).toMatchObject({ objectName: "login", details: { connection: "Sales DB", version: 1 } });
  });

  test("returns 304 while neither its settings nor its secrets change", async () => {
    const { token } = await mintToken();
    const { etag } = (await readConnection("Sales DB", token)).headers;
    const again = await readConnection("Sales DB", token, { "if-none-match": etag });
    expect([again.statusCode, again.body]).toEqual([304, ""]);
    await owner.connection.update({ where: { id: "Sales DB" }, data: { updatedAt: new Date(0) } });
    expect((await readConnection("Sales DB", token, { "if-none-match": etag })).statusCode).toBe(200);
  });

  test("returns 404 with one body for a missing connection and for another fabric's, and records the refusal", async () => {
    const { token, id } = await mintToken();
    const [none, noName] = [await readConnection("Sales B", token), await readConnection("a/b\n", token)];
    expect([none.statusCode, noName.statusCode, noName.body === none.body]).toEqual([404, 404, true]);
    const events = await owner.auditEvent.findMany({ where: { actorId: id, action: "connection.refuse" } });
    expect(events.map(({ objectName }) => objectName)).toEqual(["Sales B", ""]);
  });
});

describe("a limited token", () => {
  test("reaches its own secrets only, on every route, and gets 404 for others", async () => {
    const { token } = await mintToken(null, { secretIds: ["second"] });
    const batch = (names: string[]) =>
      app.inject({
        method: "POST",
        url: "/v1/secrets:batch",
        payload: { names },
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await read("second", token)).statusCode).toBe(200);
    expect((await batch(["second"])).statusCode).toBe(200);
    const [outside, none] = [await read("warehouse", token), await read("nothing", token)];
    expect([outside.statusCode, outside.body === none.body]).toEqual([404, true]);
    expect((await batch(["second", "warehouse"])).statusCode).toBe(404);
    expect((await readConnection("Sales DB", token)).statusCode).toBe(404);
  });

  test("for a connection reaches the secrets that it currently references, through the connection only", async () => {
    const { token } = await mintToken(null, { connectionIds: ["Sales DB"] });
    await addConnection("Other", { password: "second" });
    expect((await readConnection("Sales DB", token)).json().properties.password).toBe(`${canary}-3`);
    expect((await read("login", token)).statusCode).toBe(404);
    expect((await readConnection("Other", token)).statusCode).toBe(404);
  });

  test("gets the answer of an unknown token from other addresses; automate records the first refusal, then counts", async () => {
    const { token, id } = await mintToken(null, { cidrs: ["10.1.0.0/16", "2001:db8::/32"] });
    const from = (remoteAddress: string) =>
      app.inject({
        url: "/v1/secrets/warehouse",
        headers: { authorization: `Bearer ${token}` },
        remoteAddress,
      });
    const unknown = await read("warehouse", `svp_${"A".repeat(43)}`);
    for (const address of ["10.2.0.1", "2001:db9::1", "127.0.0.1"]) {
      const answer = await from(address);
      expect([answer.statusCode, answer.body]).toEqual([401, unknown.body]);
    }
    for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"])
      expect((await from(address)).statusCode).toBe(200);
    await flushAggregatedEvents();
    const where = { actorId: id, action: "token.refuse" };
    const events = await owner.auditEvent.findMany({ where, orderBy: { id: "asc" } });
    expect(events[0]).toMatchObject({ details: { code: "wrong_address", source: "10.2.0.1" } });
    expect(events.reduce((sum, event) => sum + countOf(event), 0)).toBe(3);
  });

  test("cannot be created for another fabric's secrets or connections", async () => {
    const mint = async (limits: Partial<TokenLimits>) => {
      const body = { name: "n", expiresAt: null, limits: { ...unlimited, ...limits } };
      return (await internal.inject(await signed("token:create", "/internal/pipeline-tokens", body)))
        .statusCode;
    };
    expect(await mint({ secretIds: [randomUUID()] })).toBe(404);
    expect(await mint({ connectionIds: ["nothing"] })).toBe(404);
    expect(await mint({ cidrs: ["10.0.0.0/99"] })).toBe(400);
  });

  test("limits also apply to a trusted issuer's workloads, and automate records the trust", async () => {
    const whom = {
      issuer: "https://ci.test.example",
      audience: `selvage:${fabric.fabricId}`,
      subject: "repo:ours:*",
    };
    const keys = { keys: [{ kty: "OKP", crv: "Ed25519", x: JSON.parse(webKey).x }] };
    const trust = async (limits: Partial<TokenLimits>) => {
      const body = { name: "CI", ...whom, keys, limits: { ...unlimited, ...limits } };
      return internal.inject(await signed("issuer:create", "/internal/issuers", body));
    };
    expect((await trust({ secretIds: [randomUUID()] })).statusCode).toBe(404);
    expect((await trust({ cidrs: ["10.0.0.0/99"] })).statusCode).toBe(400);
    const { id } = (await trust({ secretIds: ["warehouse"], cidrs: ["10.1.0.0/16"] })).json();
    const event = await owner.auditEvent.findFirstOrThrow({
      where: { action: "issuer.create", objectId: id },
    });
    expect(event.details).toMatchObject({ ...whom, secretIds: ["warehouse"], cidrs: ["10.1.0.0/16"] });
  });
});

describe("an expired or revoked token", () => {
  test("gets the same refusal as an unknown one, and automate records the reason", async () => {
    const { token, id } = await mintToken();
    const unknown = await read("warehouse", `svp_${"x".repeat(43)}`);
    for (const [code, change] of [
      ["expired", { expiresAt: new Date(0) }],
      ["revoked", { revokedAt: new Date() }],
    ] as const) {
      await owner.pipelineToken.update({ where: { id }, data: change });
      const answer = await read("warehouse", token);
      expect([answer.statusCode, answer.body]).toEqual([401, unknown.body]);
      await owner.auditEvent.findFirstOrThrow({
        where: { objectId: id, action: "token.refuse", details: { path: ["code"], equals: code } },
      });
    }
  });
});

test("a revoked token cannot flood the audit log from many addresses", async () => {
  const { token, id } = await mintToken();
  await owner.pipelineToken.update({ where: { id }, data: { revokedAt: new Date() } });
  const headers = { authorization: `Bearer ${token}` };
  for (let n = 0; n < 100; n += 1)
    await app.inject({ url: "/v1/secrets/warehouse", headers, remoteAddress: `2001:db8::${n}` });
  await flushAggregatedEvents();
  const events = await owner.auditEvent.findMany({ where: { objectId: id, action: "token.refuse" } });
  // At most two minutes are involved, each with 20 addresses, an event for the other addresses, and a
  // count.
  expect(events.length).toBeLessThanOrEqual(2 * 22);
  expect(events.reduce((sum, event) => sum + countOf(event), 0)).toBe(100);
});

describe("a use whose audit event cannot be committed", () => {
  test("fails and returns no value, for any number of secrets", async () => {
    const { token } = await mintToken();
    const role = new URL(process.env.AUTOMATE_DATABASE_URL ?? "").username.replace(/_login$/, "");
    await owner.$executeRawUnsafe(`REVOKE INSERT ON audit_event FROM ${role}`);
    const columns = `(id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details)`;
    await owner.$executeRawUnsafe(`REVOKE INSERT ${columns} ON audit_event FROM ${role}`);
    const answers = await Promise.all(Array.from({ length: 8 }, () => read("warehouse", token)));
    await owner.$executeRawUnsafe(`GRANT INSERT ${columns} ON audit_event TO ${role}`);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(503));
    expect(answers.map(({ body }) => body).join()).not.toContain(canary);
    expect((await read("warehouse", token)).statusCode).toBe(200);
  });

  test("does not fail other uses in the same commit", async () => {
    const { token } = await mintToken();
    await owner.$executeRaw`ALTER TABLE audit_event ADD CONSTRAINT one CHECK (NOT ("objectId" = 'second' AND action = 'secret.use')) NOT VALID`;
    const answers = await Promise.all(["warehouse", "second", "login"].map((name) => read(name, token)));
    await owner.$executeRaw`ALTER TABLE audit_event DROP CONSTRAINT one`;
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 500, 200]);
  });

  test("fails when the database connection breaks during it, and the next use works", async () => {
    const { token } = await mintToken();
    await read("warehouse", token);
    const [answer] = await owner.$transaction(async (tx) => {
      await tx.$executeRaw`LOCK TABLE audit_event IN ACCESS EXCLUSIVE MODE`;
      const pending = read("warehouse", token);
      await waitForInsert();
      await owner.$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%INSERT INTO audit_event%' AND state = 'active' AND wait_event_type = 'Lock'`;
      return [await pending];
    });
    expect([answer?.statusCode, answer?.body.includes(canary)]).toEqual([503, false]);
    expect((await read("warehouse", token)).statusCode).toBe(200);
  });
});

/** Waits until a use waits for its commit. */
async function waitForInsert(): Promise<void> {
  await expect
    .poll(() => countWaiting(owner, "INSERT INTO audit_event"), { timeout: 4000 })
    .toBeGreaterThan(0);
}

describe("a malformed request", () => {
  test.each([
    ["an oversized body", "application/json", "x".repeat(70_000), 413],
    ["another content type", "text/xml", "<x/>", 415],
    ["no JSON", "application/json", "{", 400],
  ])("with %s returns a clear error", async (_what, type, payload, status) => {
    const headers = { "content-type": type };
    const answer = await internal.inject({ method: "POST", url: "/internal/checks", headers, payload });
    expect([answer.statusCode, answer.json()]).toEqual([
      status,
      { error: { code: "invalid", message: expect.any(String) } },
    ]);
  });

  test("is refused when it is signed but not JSON", async () => {
    const request = await signed("token:create", "/internal/pipeline-tokens", {});
    const text = "{";
    const hash = createHash("sha256").update(text).digest("base64url");
    const again = await signed("token:create", "/internal/pipeline-tokens", {}, { body: hash });
    expect((await internal.inject({ ...again, payload: text })).statusCode).toBe(400);
    expect((await internal.inject(request)).statusCode).toBe(400);
  });
});

describe("the destinations of a replaced secret", () => {
  const allow = (version: number, destination: string) =>
    owner.allowedDestination.create({
      data: {
        fabricId: fabric.fabricId,
        secretId: "warehouse",
        version,
        destination,
        createdById: "x",
        createdByName: "x",
      },
    });
  const settle = (actor: string) =>
    signed("destination:settle", "/internal/destinations/settle", { secretId: "warehouse" }, { actor }).then(
      (request) => internal.inject(request),
    );

  test("a version keeps destinations once, as its author chose, for any caller; an Admin can remove one", async () => {
    const { fabricId, user } = fabric;
    const kept = await allow(1, "postgres://kept:5432?tls=verify-full");
    await allow(1, "postgres://dropped:5432?tls=verify-full");
    const who = { createdById: user.id, createdByName: user.name };
    const row = { secretId: "warehouse", version: 2, fabricId, manifest: { value: 2 }, metadata: {}, ...who };
    await owner.secretVersion.create({ data: { ...row, keeps: [kept.id] } });
    expect((await settle(fabric.admin.id)).json()).toEqual({ allowed: 1 });
    const now = await owner.allowedDestination.findMany({ where: { secretId: "warehouse", version: 2 } });
    expect(now).toMatchObject([
      { destination: "postgres://kept:5432?tls=verify-full", createdByName: user.name },
    ]);

    const remove = async (actor: string) => {
      const body = { destinationId: now[0]?.id ?? "" };
      return internal.inject(
        await signed("destination:remove", "/internal/destinations/remove", body, { actor }),
      );
    };
    expect((await remove(user.id)).statusCode).toBe(403);
    expect((await remove(fabric.admin.id)).statusCode).toBe(200);
    expect(await owner.allowedDestination.count({ where: { secretId: "warehouse", version: 2 } })).toBe(0);
    expect((await settle(user.id)).json()).toEqual({ allowed: 0 });
    const actions = await owner.auditEvent.findMany({
      where: { objectId: "warehouse", action: { startsWith: "destination." } },
    });
    expect(actions.map(({ action }) => action).sort()).toEqual(["destination.carry", "destination.remove"]);
  });
});
