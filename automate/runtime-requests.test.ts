import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { serveMetrics } from "@/automate/http/metrics";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db, type Tx } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { countWaiting } from "@/testing/waiting-queries";

const perMinute = 40;
const longName = "n".repeat(128);
let owner: Db;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, {
    RUNTIME_RATE_PER_MINUTE: String(perMinute),
    STOP_DELAY_SECONDS: "0.5",
    AUTOMATE_TRUST_PROXY_HOPS: "1",
  });
  const urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  for (const id of ["one", longName])
    await addTestSecret(owner, fabric, urls.webUrl, {
      id,
      subKind: "text",
      versions: [{ by: "user", fields: { value: "canary-31c2" } }],
    });
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
});

const start = () => createRuntimeApp({ keys: fabric.keys, logger: false });

async function addToken(limits: { cidrs?: string[] } = {}) {
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: "x", createdByName: "x" };
  const row = { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by, ...limits };
  const { id } = await owner.pipelineToken.create({ data: row });
  return { id, headers: { authorization: `Bearer ${token}` } };
}

async function within(ask: (app: FastifyInstance) => Promise<void>): Promise<void> {
  // The rate counts by minute: the clock stands still within one.
  vi.useFakeTimers({ toFake: ["Date"] });
  const app = start();
  try {
    await ask(app);
  } finally {
    vi.useRealTimers();
    await app.close();
  }
}

describe("the runtime API", () => {
  test("returns 429 with Retry-After over the rate, counts each name of a batch, and records it once", async () => {
    await within(async (app) => {
      const { id, headers } = await addToken();
      const names = Array.from({ length: perMinute }, () => "one");
      const batch = () =>
        app.inject({ method: "POST", url: "/v1/secrets:batch", payload: { names }, headers });
      expect((await batch()).statusCode).toBe(200);
      const refused = await batch();
      expect([refused.statusCode, refused.json().error.code]).toEqual([429, "rate_limited"]);
      expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
      expect(refused.body).not.toContain("canary");
      await app.inject({ url: "/v1/secrets/one", headers });
      await flushAggregatedEvents();
      const events = await owner.auditEvent.findMany({ where: { actorId: id, action: "token.refuse" } });
      expect(events).toHaveLength(2);
      expect(events[0]).toMatchObject({ objectKind: "token", details: { code: "rate_limited" } });
      const other = await addToken();
      expect((await app.inject({ url: "/v1/secrets/one", headers: other.headers })).statusCode).toBe(200);
    });
  });

  test("returns Vault's rate-limit error to Vault clients, at a login and a read", async () => {
    await within(async (app) => {
      const { headers } = await addToken();
      const token = headers.authorization.replace("Bearer ", "");
      const names = Array.from({ length: perMinute }, () => "one");
      await app.inject({ method: "POST", url: "/v1/secrets:batch", payload: { names }, headers });
      const payload = JSON.stringify({ role_id: fabric.fabricId, secret_id: token });
      const login = await app.inject({ method: "POST", url: "/vault/v1/auth/approle/login", payload });
      const url = `/vault/v1/${fabric.fabricId}/data/one`;
      const read = await app.inject({ url, headers: { "x-vault-token": token } });
      for (const answer of [login, read]) {
        expect([answer.statusCode, answer.json()]).toEqual([429, { errors: ["rate limit exceeded"] }]);
        expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
      }
    });
  });

  test("reads the caller's address through the configured number of trusted proxies only", async () => {
    await within(async (app) => {
      const { headers } = await addToken({ cidrs: ["203.0.113.7"] });
      const ask = async (forwardedFor: string) =>
        (
          await app.inject({
            url: "/v1/secrets/one",
            headers: { ...headers, "x-forwarded-for": forwardedFor },
          })
        ).statusCode;
      expect(await ask("203.0.113.7")).toBe(200);
      expect(await ask("198.51.100.1, 203.0.113.7")).toBe(200);
      expect(await ask("203.0.113.7, 198.51.100.1")).toBe(401);
    });
  });

  test("reads a secret by its longest possible name", async () => {
    await within(async (app) => {
      const { headers } = await addToken();
      expect((await app.inject({ url: `/v1/secrets/${longName}`, headers })).statusCode).toBe(200);
    });
  });
});

describe("a stopping automate", () => {
  test("fails its health check first, then returns 503, and loses no answer in flight", async () => {
    const app = start();
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const { headers } = await addToken();
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers }).then(
        ({ status }) => status,
        () => "no connection",
      );
    expect(await ask("/readyz")).toBe(200);
    const stop = async (tx: Tx) => {
      await tx.$executeRaw`LOCK TABLE audit_event IN ACCESS EXCLUSIVE MODE`;
      const underWay = ask("/v1/secrets/one");
      await expect
        .poll(() => countWaiting(owner, "INSERT INTO audit_event"), { timeout: 10_000 })
        .toBeGreaterThan(0);
      // A request whose head has begun keeps its connection open.
      const begun = connect(port, "127.0.0.1").setEncoding("utf8");
      await once(begun, "connect");
      begun.write("GET /v1/secrets/one HTTP/1.1\r\nHost: x\r\n");
      const stoppedAt = performance.now();
      const closing = app.close();
      expect(await Promise.all(["/readyz", "/healthz", "/v1/whoami"].map(ask))).toEqual([503, 200, 200]);
      await expect.poll(() => ask("/v1/whoami"), { timeout: 10_000 }).toBe("no connection");
      // The delay is half a second.
      expect(performance.now() - stoppedAt).toBeLessThan(2_000);
      begun.write("\r\n");
      const answer = await text(begun);
      expect([answer.split("\r\n")[0], answer]).toEqual([
        "HTTP/1.1 503 Service Unavailable",
        expect.stringContaining('"code":"stopping"'),
      ]);
      return { underWay, closing };
    };
    const { underWay, closing } = await owner.$transaction(stop, { timeout: 25_000 });
    expect(await underWay).toBe(200);
    await closing;
  });
});

describe("/metrics", () => {
  test("counts answers by route and status, on its own port, and contains no names", async () => {
    await within(async (app) => {
      const { id, headers } = await addToken();
      await app.inject({ url: "/v1/secrets/one", headers });
      expect((await app.inject({ url: "/metrics" })).statusCode).toBe(404);
      const server = await serveMetrics({ host: "127.0.0.1", port: 0 });
      const { port } = server.address() as AddressInfo;
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(text).toMatch(
        /selvage_request_seconds_count\{method="GET",route="\/v1\/secrets\/:name",status="200"\} \d/,
      );
      expect(text).toMatch(/selvage_opened_secrets_total\{purpose="pipeline"\} \d/);
      for (const name of [id, "nightly", longName, fabric.fabricId, "canary"])
        expect(text).not.toContain(name);
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
      server.close();
    });
  });
});
