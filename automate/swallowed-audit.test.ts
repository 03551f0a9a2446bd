import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createInternalApp, createRuntimeApp } from "@/automate/app";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { startTokenServer, type TokenServer } from "@/testing/servers/token-server";
import { signRequest } from "@/testing/signed-request";
import { whileAuditIsSwallowed } from "@/testing/swallowed-audit";

const canary = "canary-5b1c77d0";
const automateUrl = "http://automate.test";
let urls: TestDatabase;
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let owner: Db;
let fabric: TestFabric;
let other: TestFabric;
let app: FastifyInstance;
let internal: FastifyInstance;
let tokens: TokenServer;
let headers: { authorization: string };
let othersHeaders: { authorization: string };

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate, {
    AUTOMATE_URL: automateUrl,
    EGRESS_ALLOW: "127.0.0.0/8",
  });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
  tokens = await startTokenServer({ client: { clientId: "crm", clientSecret: canary } });
  const add = (to: TestFabric, id: string, subKind: string, fields: Record<string, string>, metadata = {}) =>
    addTestSecret(owner, to, urls.webUrl, { id, subKind, versions: [{ by: "user", fields }], metadata });
  await add(fabric, "warehouse", "text", { value: canary });
  await add(other, "theirs", "text", { value: "not ours" });
  const { authUrl } = tokens;
  const metadata = { authHost: new URL(authUrl).host };
  await add(
    fabric,
    "crm",
    "m2m_oauth",
    { clientId: "crm", clientSecret: canary, authUrl, scope: "read" },
    metadata,
  );
  await addConnection();
  headers = await addToken(fabric);
  othersHeaders = await addToken(other);
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
  internal = createInternalApp({
    keys: fabric.keys,
    reach: async () => ({ type: "result", ok: true, ms: 0 }),
    runPrepared: () => Promise.reject(new Error("A check ran.")),
    logger: false,
  });
});

afterAll(async () => {
  await app.close();
  await internal.close();
  await tokens.close();
  await owner.$disconnect();
  await closeDb();
});

async function addToken({ fabricId, admin }: TestFabric) {
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.pipelineToken.create({ data: { fabricId, name: "nightly", tokenHash, ...by } });
  return { authorization: `Bearer ${token}` };
}

async function addConnection() {
  const { fabricId, user } = fabric;
  const by = {
    createdById: user.id,
    createdByName: user.name,
    updatedById: user.id,
    updatedByName: user.name,
  };
  const properties = { server: "db.example.com", port: "5432", database: "d", username: "u" };
  const row = {
    id: "orders",
    fabricId,
    name: "orders",
    nameKey: "orders",
    kind: "postgres",
    configHash: "h",
  };
  await owner.connection.create({ data: { ...row, properties, ...by } });
  await owner.connectionSecret.create({
    data: { connectionId: "orders", field: "password", secretId: "warehouse", fabricId },
  });
  const destination = "postgres://db.example.com:5432?tls=verify-full";
  const allowed = { fabricId, secretId: "warehouse", version: 1, destination };
  await owner.allowedDestination.create({
    data: { ...allowed, createdById: user.id, createdByName: user.name },
  });
}

const swallowed = <T>(work: () => Promise<T>) => whileAuditIsSwallowed(urls.ownerUrl, fabric.fabricId, work);
const eventsOf = ({ fabricId }: TestFabric) => owner.auditEvent.count({ where: { fabricId } });

describe("when the database drops audit events", () => {
  test.each([
    ["a secret by its name", "GET", "/v1/secrets/warehouse", undefined],
    ["a batch", "POST", "/v1/secrets:batch", { names: ["warehouse"] }],
    ["a connection", "GET", "/v1/connections/orders", undefined],
    ["a token of an M2M OAuth secret", "POST", "/v1/secrets/crm/token", {}],
    ["a name that is not there", "GET", "/v1/secrets/warehous", undefined],
    ["a secret, by the dialect of Vault", "GET", "/vault/v1/FABRIC/data/warehouse", undefined],
  ] as const)("%s returns 500 without a value", async (_what, method, path, payload) => {
    const url = path.replace("FABRIC", fabric.fabricId);
    const ask = () => app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    const [before, bought] = [await eventsOf(fabric), tokens.asked()];
    const answer = await swallowed(ask);
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain(canary);
    expect(answer.body).not.toContain("access_token");
    expect([await eventsOf(fabric), tokens.asked()]).toEqual([before, bought]);
    expect((await ask()).statusCode).toBe(path.endsWith("warehous") ? 404 : 200);
    expect(await eventsOf(fabric)).toBeGreaterThan(before);
  });

  test("other fabrics' pipelines keep working, even in the same commit, each with one event", async () => {
    const before = await eventsOf(other);
    const answers = await swallowed(() =>
      Promise.all(
        Array.from({ length: 10 }, async (_, n) => {
          const isOurs = n % 2 === 0;
          const url = `/v1/secrets/${isOurs ? "warehouse" : "theirs"}`;
          return (await app.inject({ url, headers: isOurs ? headers : othersHeaders })).statusCode;
        }),
      ),
    );
    expect(answers).toEqual([500, 200, 500, 200, 500, 200, 500, 200, 500, 200]);
    expect(await eventsOf(other)).toBe(before + 5);
  });

  test("automate keeps a count of unchanged answers until it can record it", async () => {
    const { headers: responseHeaders } = await app.inject({ url: "/v1/secrets/warehouse", headers });
    const ask = {
      url: "/v1/secrets/warehouse",
      headers: { ...headers, "if-none-match": `${responseHeaders.etag}` },
    };
    expect((await app.inject(ask)).statusCode).toBe(304);
    await expect(swallowed(flushAggregatedEvents)).rejects.toThrow();
    await flushAggregatedEvents();
    const where = { fabricId: fabric.fabricId, action: "secret.unchanged" };
    expect(await owner.auditEvent.findMany({ where })).toMatchObject([{ details: { count: 1 } }]);
  });

  test("a check sends nothing, and automate creates no pipeline token", async () => {
    const ask = async (purpose: "connection:check" | "token:create", body: object) => {
      const from = { automateUrl, signingKey: keys.web.WEB_SIGNING_KEY };
      const by = { userId: fabric.user.id, fabricId: fabric.fabricId };
      const as = purpose === "token:create" ? { ...by, userId: fabric.admin.id } : by;
      // Each body matches its purpose; the loop loses that type.
      const request = await signRequest(from, as, purpose, body as never);
      return internal.inject({
        method: "POST",
        url: new URL(request.url).pathname,
        headers: Object.fromEntries(request.headers),
        payload: await request.text(),
      });
    };
    const properties = { baseUrl: tokens.authUrl, authType: "bearer", token: "warehouse" };
    const check = { kind: "restapi", connectionName: "api", properties, isConfirmed: true };
    const [checked, created] = await swallowed(async () => [
      await ask("connection:check", check),
      await ask("token:create", { name: "x", expiresAt: null }),
    ]);
    expect(checked?.body).not.toContain('"ok":true');
    expect(created?.statusCode).toBe(500);
    expect(await owner.pipelineToken.count({ where: { fabricId: fabric.fabricId } })).toBe(1);
  });
});
