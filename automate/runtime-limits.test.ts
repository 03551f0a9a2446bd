import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db, type Tx } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { countWaiting } from "@/testing/waiting-queries";

const concurrency = 2;
let owner: Db;
let fabric: TestFabric;
let app: FastifyInstance;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate, {
    RUNTIME_ADDRESS_RATE_PER_MINUTE: "3",
    RUNTIME_CONCURRENCY: String(concurrency),
    AUTOMATE_TRUST_PROXY_HOPS: "1",
  });
  const urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const versions = [{ by: "user" as const, fields: { value: "canary-31c2" } }];
  await addTestSecret(owner, fabric, urls.webUrl, { id: "one", subKind: "text", versions });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

afterAll(async () => {
  await app.close();
  await owner.$disconnect();
  await closeDb();
});

async function addToken() {
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: "x", createdByName: "x" };
  const { id } = await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by },
  });
  return { id, token };
}

// Async: an injected request starts only when it is awaited.
const ask = async (token: string, from: string, url = "/v1/secrets/one") =>
  app.inject({ url, headers: { authorization: `Bearer ${token}`, "x-forwarded-for": from } });

test("unknown tokens of one address are refused after a while, and a token that worked is not", async () => {
  // The limit counts by minute: the clock stands still within one.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-30T10:00:48Z") });
  try {
    const known = await addToken();
    expect((await ask(known.token, "203.0.113.7")).statusCode).toBe(200);
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await ask(newPipelineToken().token, "203.0.113.7"));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 429, 429]);
    const last = answers.at(-1);
    expect([last?.headers["retry-after"], last?.json().error.code]).toEqual(["12", "rate_limited"]);
    const vault = await app.inject({
      url: `/vault/v1/${fabric.fabricId}/data/one`,
      headers: { "x-vault-token": newPipelineToken().token, "x-forwarded-for": "203.0.113.7" },
    });
    expect([vault.statusCode, vault.json()]).toEqual([429, { errors: ["rate limit exceeded"] }]);
    expect((await ask(known.token, "203.0.113.7")).statusCode).toBe(200);
    expect((await ask(newPipelineToken().token, "203.0.113.8")).statusCode).toBe(401);
  } finally {
    vi.useRealTimers();
  }
});

test("a token that worked before counts for its address once it is revoked", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-30T10:02:48Z") });
  try {
    const { id, token } = await addToken();
    expect((await ask(token, "203.0.113.10")).statusCode).toBe(200);
    await owner.pipelineToken.update({ where: { id }, data: { revokedAt: new Date() } });
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await ask(token, "203.0.113.10")).statusCode);
    // The first one tells that it no longer works.
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
  } finally {
    vi.useRealTimers();
  }
});

test("few requests of one token run at once, and others wait in its own line", async () => {
  const [greedy, other] = [await addToken(), await addToken()];
  for (const { token } of [greedy, other]) await ask(token, "203.0.113.9", "/v1/whoami");
  const hold = async (tx: Tx) => {
    await tx.$executeRaw`LOCK TABLE secret_name IN ACCESS EXCLUSIVE MODE`;
    const pending = Array.from({ length: concurrency * 33 }, () => ask(greedy.token, "203.0.113.9"));
    await expect.poll(() => countWaiting(owner, "secret_name"), { timeout: 10_000 }).toBeGreaterThan(0);
    const refused = await ask(greedy.token, "203.0.113.9");
    expect([refused.statusCode, refused.headers["retry-after"], refused.json().error.code]).toEqual([
      429,
      "1",
      "busy",
    ]);
    expect((await ask(other.token, "203.0.113.9", "/v1/whoami")).statusCode).toBe(200);
    return pending;
  };
  const pending = await owner.$transaction(hold, { timeout: 25_000 });
  const statuses = (await Promise.all(pending)).map(({ statusCode }) => statusCode);
  expect(new Set(statuses)).toEqual(new Set([200]));
  await flushAggregatedEvents();
  const refusals = await owner.auditEvent.findMany({
    where: { actorId: greedy.id, action: "token.refuse" },
    select: { details: true },
  });
  expect(refusals).toEqual([{ details: { code: "busy", source: "203.0.113.9" } }]);
});
