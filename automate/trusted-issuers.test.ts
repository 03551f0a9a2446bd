import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createInternalApp, createRuntimeApp } from "@/automate/app";
import { refusalDurationMs } from "@/automate/runtime-api/authorize-workload";
import { refreshIssuerKeys } from "@/automate/runtime-api/issuer-keys";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { audienceOf } from "@/lib/trusted-issuers/schema";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { type Listening, listen } from "@/testing/servers/listening";
import { signRequest } from "@/testing/signed-request";

const automateUrl = "http://automate.test";
const subject = "system:serviceaccount:etl:nightly";
let owner: Db;
let ours: TestFabric;
let theirs: TestFabric;
let app: FastifyInstance;
let internal: FastifyInstance;
let webKey: string;
let pair: { publicKey: CryptoKey; privateKey: CryptoKey };
let stranger: { publicKey: CryptoKey; privateKey: CryptoKey };
const issuers: Listening[] = [];

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  webKey = web.WEB_SIGNING_KEY;
  const egress = { EGRESS_ALLOW: "127.0.0.1/32,127.0.0.2/32:9" };
  Object.assign(process.env, web, automate, { AUTOMATE_URL: automateUrl, ...egress });
  owner = createDb(urls.ownerUrl);
  ours = await createTestFabric(owner, "ours");
  theirs = await createTestFabric(owner, "theirs");
  await addTestSecret(owner, ours, urls.webUrl, {
    id: "warehouse",
    subKind: "text",
    versions: [{ by: "user", fields: { value: "open sesame" } }],
  });
  pair = await generateKeyPair("RS256");
  stranger = await generateKeyPair("RS256");
  app = createRuntimeApp({ keys: ours.keys, logger: false });
  const noCheck = () => Promise.reject(new Error("No check runs here."));
  internal = createInternalApp({ keys: ours.keys, reach: noCheck, runPrepared: noCheck, logger: false });
});

afterEach(async () => {
  await flushAggregatedEvents();
  await owner.trustedIssuer.deleteMany();
});

afterAll(async () => {
  await app.close();
  await internal.close();
  for (const issuer of issuers) await issuer.close();
  await owner.$disconnect();
  await closeDb();
});

type Document = { status?: number; body: string | object; isPacked?: boolean };

/** A workload issuer: the answers of its two addresses, and their delay. */
async function startIssuer(
  answers: (url: string, key: object) => { discovery?: Document; keys?: Document } = () => ({}),
  delayMs = 0,
) {
  const key = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256" };
  let requestCount = 0;
  let url = "";
  const http = createServer(async (request, response) => {
    requestCount += 1;
    const isKeys = request.url === "/keys";
    const { discovery, keys } = answers(url, key);
    const usual = { body: isKeys ? { keys: [key] } : { issuer: url, jwks_uri: `${url}/keys` } };
    const { status = 200, body, isPacked }: Document = (isKeys ? keys : discovery) ?? usual;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    await sleep(delayMs);
    response.writeHead(status, isPacked ? { "content-encoding": "br" } : {});
    response.end(isPacked ? brotliCompressSync(text) : text);
  });
  const listening = await listen(http);
  issuers.push(listening);
  url = `http://127.0.0.1:${listening.port}`;
  return { url, key, requestCount: () => requestCount };
}

/** Requests a trusted issuer from automate, as web does for an Admin. */
async function trust(fabric: TestFabric, body: object) {
  const from = { automateUrl, signingKey: webKey };
  const by = { userId: fabric.admin.id, fabricId: fabric.fabricId };
  const whole = { name: "Cluster", audience: audienceOf(fabric.fabricId), subject, ...body };
  const request = await signRequest(from, by, "issuer:create", whole as never);
  const answer = await internal.inject({
    method: "POST",
    url: new URL(request.url).pathname,
    headers: Object.fromEntries(request.headers),
    payload: await request.text(),
  });
  return { status: answer.statusCode, body: answer.json() };
}

/** A trusted issuer from before audiences named a fabric. */
const formerTrust = ({ fabricId, admin }: TestFabric, issuer: string, more: object = {}) =>
  owner.trustedIssuer.create({
    data: {
      fabricId,
      name: "Before",
      issuer,
      audience: "selvage",
      subject: "system:serviceaccount:etl:*",
      spansParts: true,
      createdById: admin.id,
      createdByName: admin.name,
      ...more,
    },
  });

type Said = {
  iss: string;
  aud: string | string[];
  sub?: string;
  key?: CryptoKey;
  kid?: string;
  exp?: string;
};

const sign = ({ iss, aud, sub = subject, key = pair.privateKey, kid = "k1", exp = "10m" }: Said) =>
  new SignJWT({})
    .setProtectedHeader({ alg: "RS256", kid })
    .setIssuer(iss)
    .setAudience(aud)
    .setSubject(sub)
    .setIssuedAt(exp === "-1m" ? "-10m" : undefined)
    .setExpirationTime(exp)
    .sign(key);

async function read(token: string, headers: object = {}) {
  const startedAt = performance.now();
  const answer = await app.inject({
    url: "/v1/secrets/warehouse",
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return { status: answer.statusCode, ms: performance.now() - startedAt, body: answer.body };
}

describe("a working workload keeps working", () => {
  test("when another team trusts any issuer under any name", async () => {
    const { url } = await startIssuer();
    await formerTrust(ours, url);
    const former = await sign({ iss: url, aud: "selvage" });
    expect((await read(former)).status).toBe(200);
    const { name } = await owner.fabric.findUniqueOrThrow({ where: { id: ours.fabricId } });
    await owner.fabric.update({
      where: { id: theirs.fabricId },
      data: { name, nameKey: name.toLowerCase() },
    });
    // The other team cannot take the same audience, whatever web requests.
    for (const audience of ["selvage", audienceOf(ours.fabricId), `${ours.fabricId} ${theirs.fabricId}`])
      expect(
        (await trust(theirs, { issuer: url, audience, subject: "system:serviceaccount:etl:*" })).status,
      ).toBe(400);
    expect((await trust(theirs, { issuer: url, subject: "system:serviceaccount:etl:*" })).status).toBe(200);
    expect((await read(former)).status).toBe(200);
    expect((await read(former, { "x-selvage-fabric": name })).status).toBe(200);
    expect((await read(former, { "x-selvage-fabric": ours.fabricId })).status).toBe(200);
  });

  test("when its audience names the fabric by id, and another team names its fabric after that id", async () => {
    const { url } = await startIssuer();
    for (const fabric of [ours, theirs]) await formerTrust(fabric, url);
    const named = ours.fabricId;
    await owner.fabric.update({
      where: { id: theirs.fabricId },
      data: { name: named, nameKey: named.toLowerCase() },
    });
    const former = await sign({ iss: url, aud: "selvage" });
    expect((await read(former, { "x-selvage-fabric": ours.fabricId })).status).toBe(200);
    // The token does not fall through to the other fabric either.
    await owner.trustedIssuer.deleteMany({ where: { fabricId: ours.fabricId } });
    expect((await read(former, { "x-selvage-fabric": ours.fabricId })).status).toBe(401);
  });

  test("and a new one requires no header: its audience names its fabric", async () => {
    const { url } = await startIssuer();
    for (const fabric of [ours, theirs]) expect((await trust(fabric, { issuer: url })).status).toBe(200);
    expect((await read(await sign({ iss: url, aud: audienceOf(ours.fabricId) }))).status).toBe(200);
    // The other fabric has no such secret.
    expect((await read(await sign({ iss: url, aud: audienceOf(theirs.fabricId) }))).status).toBe(404);
  });

  test("with a pattern that spans parts; the pattern of a new trusted issuer does not", async () => {
    const { url } = await startIssuer();
    await formerTrust(ours, url, { subject: "repo:ours/*" });
    const branch = "repo:ours/etl:ref:refs/heads/main";
    expect((await read(await sign({ iss: url, aud: "selvage", sub: branch }))).status).toBe(200);
    expect((await trust(ours, { issuer: url, subject: "repo:ours/*" })).status).toBe(200);
    const aud = audienceOf(ours.fabricId);
    expect((await read(await sign({ iss: url, aud, sub: branch }))).status).toBe(401);
    expect((await read(await sign({ iss: url, aud, sub: "repo:ours/etl" }))).status).toBe(200);
  });

  test("while its issuer is down", async () => {
    let isDown = false;
    const { url } = await startIssuer(() => (isDown ? { discovery: { status: 500, body: "" } } : {}));
    await trust(ours, { issuer: url });
    isDown = true;
    expect((await read(await sign({ iss: url, aud: audienceOf(ours.fabricId) }))).status).toBe(200);
  });
});

describe("automate fetches an issuer's keys when an Admin adds it", () => {
  test("and its workloads then cause no fetch", async () => {
    const { url, requestCount } = await startIssuer();
    expect((await trust(ours, { issuer: url })).status).toBe(200);
    expect(requestCount()).toBe(2);
    expect((await read(await sign({ iss: url, aud: audienceOf(ours.fabricId) }))).status).toBe(200);
    expect(requestCount()).toBe(2);
  });

  test.each<[string, string, Parameters<typeof startIssuer>[0]]>([
    ["answers 404", "no_discovery", () => ({ discovery: { status: 404, body: "" } })],
    ["answers no JSON", "no_discovery", () => ({ discovery: { body: "<html>" } })],
    [
      "calls itself by another address",
      "other_issuer",
      (url) => ({ discovery: { body: { issuer: `${url}/`, jwks_uri: `${url}/keys` } } }),
    ],
    ["refuses its keys", "no_keys", () => ({ keys: { status: 403, body: "" } })],
    [
      "has keys of another kind alone",
      "no_keys",
      () => ({ keys: { body: { keys: [{ kty: "oct", k: "AA" }] } } }),
    ],
  ])("and does not trust one that %s: %s", async (_what, problem, answers) => {
    const { url } = await startIssuer(answers);
    expect(await trust(ours, { issuer: url })).toEqual({ status: 200, body: { problem } });
    expect(await owner.trustedIssuer.count()).toBe(0);
  });

  test("and does not trust one whose small compressed answer expands to a large one", async () => {
    const { url } = await startIssuer((url) => ({
      discovery: {
        body: { issuer: url, jwks_uri: `${url}/keys`, more: "x".repeat(1_000_000) },
        isPacked: true,
      },
    }));
    expect(await trust(ours, { issuer: url })).toEqual({ status: 200, body: { problem: "no_discovery" } });
  });

  test.each([
    ["https://nobody.invalid", "name_not_found"],
    ["https://127.0.0.2:9", "unreachable"],
    ["https://127.0.0.2:10", "address_refused"],
    ["https://169.254.169.254", "address_refused"],
  ])("and does not trust %s: %s", async (issuer, problem) => {
    expect(await trust(ours, { issuer })).toEqual({ status: 200, body: { problem } });
  });

  test("and does not trust an address where no server listens", async () => {
    const closed = await listen(createServer());
    await closed.close();
    const answer = await trust(ours, { issuer: `http://127.0.0.1:${closed.port}` });
    expect(answer).toEqual({ status: 200, body: { problem: "unreachable" } });
  });

  test("and never fetches keys that an Admin entered, which count for that trusted issuer only", async () => {
    const { url, requestCount } = await startIssuer();
    const own = { ...(await exportJWK(stranger.publicKey)), kid: "own" };
    expect((await trust(ours, { issuer: url, keys: { keys: [own] } })).status).toBe(200);
    expect(requestCount()).toBe(0);
    const mine = { iss: url, key: stranger.privateKey, kid: "own" };
    expect((await read(await sign({ ...mine, aud: audienceOf(ours.fabricId) }))).status).toBe(200);
    expect(requestCount()).toBe(0);
    await formerTrust(theirs, url, { audience: audienceOf(theirs.fabricId) });
    // The entered keys are wrong for the other fabric, and the issuer's keys are wrong for this one.
    const refused = [
      await sign({ ...mine, aud: audienceOf(theirs.fabricId) }),
      await sign({ iss: url, aud: audienceOf(ours.fabricId) }),
    ];
    const answers = await Promise.all(refused.map((token) => read(token)));
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });

  test("and refuses private, symmetric and weak keys", async () => {
    const secret = await exportJWK((await generateKeyPair("RS256", { extractable: true })).privateKey);
    for (const keys of [{ keys: [{ kty: "oct", k: "AA" }] }, { keys: [] }])
      expect((await trust(ours, { issuer: "https://ci.test.example", keys })).status).toBe(400);
    // Automate stores only the public half of a private key.
    await trust(ours, { issuer: "https://ci.test.example", keys: { keys: [secret] } });
    const rows = await owner.trustedIssuer.findMany();
    expect(JSON.stringify(rows)).not.toContain(String(secret.d));
  });
});

test("and finds the key that signed a token among several without an id", async () => {
  const bare = async (key: CryptoKey) => ({ ...(await exportJWK(key)), alg: "RS256" });
  const keys = [await bare(stranger.publicKey), await bare(pair.publicKey)];
  const { url } = await startIssuer(() => ({ keys: { body: { keys } } }));
  await trust(ours, { issuer: url });
  const nobody = await generateKeyPair("RS256");
  const signed = (key: CryptoKey) =>
    new SignJWT({})
      .setProtectedHeader({ alg: "RS256" })
      .setIssuer(url)
      .setAudience(audienceOf(ours.fabricId))
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime("10m")
      .sign(key);
  expect((await read(await signed(pair.privateKey))).status).toBe(200);
  expect((await read(await signed(nobody.privateKey))).status).toBe(401);
});

test("automate drops a withdrawn key within minutes, even without a workload's request", async () => {
  const other = { ...(await exportJWK(stranger.publicKey)), kid: "k2", alg: "RS256" };
  let isWithdrawn = false;
  const { url, requestCount } = await startIssuer((_url, key) => ({
    keys: { body: { keys: [isWithdrawn ? other : key] } },
  }));
  await trust(ours, { issuer: url });
  const leaked = await sign({ iss: url, aud: audienceOf(ours.fabricId), exp: "23h" });
  expect((await read(leaked)).status).toBe(200);
  isWithdrawn = true;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 20 * 60 * 60_000 });
  try {
    const stop = new AbortController();
    const renewing = refreshIssuerKeys({ onError: () => {}, signal: stop.signal, everyMs: 20 });
    await vi.waitFor(() => expect(requestCount()).toBeGreaterThan(2), 10_000);
    stop.abort();
    await renewing;
    expect((await read(leaked)).status).toBe(401);
  } finally {
    vi.useRealTimers();
  }
});

describe("a refused token", () => {
  test("takes the same time whether or not a fabric trusts its issuer, however slow the issuer is", async () => {
    const fast = await startIssuer();
    const slow = await startIssuer(undefined, 1_500);
    for (const { url } of [fast, slow]) await formerTrust(ours, url);
    const tokens = {
      "an issuer that nobody trusts": await sign({ iss: "https://nobody.invalid", aud: "selvage" }),
      "a slow one": await sign({ iss: slow.url, aud: "selvage", key: stranger.privateKey }),
      "a fast one": await sign({ iss: fast.url, aud: "selvage", key: stranger.privateKey }),
      "another subject": await sign({ iss: fast.url, aud: "selvage", sub: "nobody:at:all" }),
      "an issuer that Postgres cannot compare": await sign({ iss: "https://nobody\0", aud: "selvage" }),
      "no sense": "a.b.c",
    };
    const answers = await Promise.all(Object.values(tokens).map((token) => read(token)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    for (const { ms } of answers) expect(ms).toBeGreaterThanOrEqual(refusalDurationMs - 5);
    // An accepted token does not wait.
    const { status, ms } = await read(await sign({ iss: fast.url, aud: "selvage" }));
    expect(status).toBe(200);
    expect(ms).toBeLessThan(refusalDurationMs);
  });

  test.runIf(process.env.RUN_LONG)("reveals no slow, fast or unknown issuer by its median time", async () => {
    const fast = await startIssuer();
    const slow = await startIssuer(undefined, 1_500);
    for (const { url } of [fast, slow]) await formerTrust(ours, url);
    const medians: number[] = [];
    for (const iss of ["https://nobody.invalid", slow.url, fast.url]) {
      const token = await sign({ iss, aud: "selvage", key: stranger.privateKey });
      const times = (await Promise.all(Array.from({ length: 60 }, () => read(token)))).map(({ ms }) => ms);
      medians.push(times.sort((a, b) => a - b)[30] ?? 0);
    }
    expect(Math.max(...medians) / Math.min(...medians)).toBeLessThan(1.1);
  });

  test("is recorded with its workload when its audience names the fabric", async () => {
    const { url } = await startIssuer();
    await trust(ours, { issuer: url });
    await read(await sign({ iss: url, aud: audienceOf(ours.fabricId), sub: "repo:ours/etl" }));
    const where = { fabricId: ours.fabricId, action: "token.refuse", actorName: { startsWith: "Cluster" } };
    expect(await owner.auditEvent.findFirst({ where, orderBy: { id: "desc" } })).toMatchObject({
      actorName: "Cluster: repo:ours/etl",
      details: { code: "wrong_subject", source: "127.0.0.1" },
    });
  });

  test("is recorded with its reason when it concerns a fabric, and counted", async () => {
    const { url } = await startIssuer();
    const { id } = await formerTrust(ours, url);
    const elsewhere = await formerTrust(theirs, url, { audience: "other", subject: "nobody:*" });
    const claims = { iss: url, aud: "selvage" };
    const unsigned = "repo:pasted/by/anybody";
    const tokens: [string, string][] = [
      ["wrong_signature", await sign({ ...claims, key: stranger.privateKey })],
      ["unknown_key", await sign({ ...claims, key: stranger.privateKey, kid: "k9" })],
      ["token_expired", await sign({ ...claims, exp: "-1m" })],
      ["wrong_life", await sign({ ...claims, exp: "3d" })],
      ["wrong_audience", await sign({ ...claims, aud: "vault" })],
      ["wrong_subject", await sign({ ...claims, sub: "repo:ours/etl" })],
      // It concerns no fabric: no trusted issuer has its audience or subject, or its signature is missing.
      ["", await sign({ ...claims, aud: "vault", sub: "repo:ours/etl" })],
      ["", await sign({ ...claims, aud: "vault", sub: unsigned, key: stranger.privateKey })],
    ];
    const ask = () => Promise.all(tokens.map(([, token]) => read(token)));
    await ask();
    // The requests run concurrently, since each refusal takes its time.
    const headers = { "x-selvage-fabric": theirs.fabricId };
    await Promise.all([ask(), ask(), ask(), read(await sign(claims), headers)]);
    await owner.trustedIssuer.update({ where: { id }, data: { cidrs: ["10.1.0.0/16"] } });
    await read(await sign(claims));
    await flushAggregatedEvents();
    const events = await owner.auditEvent.findMany({ where: { action: "token.refuse", objectId: id } });
    const counts = new Map<string, number>();
    for (const { details } of events) {
      const { code, count = 1 } = details as { code: string; count?: number };
      counts.set(code, (counts.get(code) ?? 0) + count);
    }
    expect(Object.fromEntries([...counts].sort())).toEqual({
      token_expired: 4,
      unknown_key: 4,
      wrong_address: 1,
      wrong_audience: 4,
      wrong_fabric: 1,
      wrong_life: 4,
      wrong_signature: 4,
      wrong_subject: 4,
    });
    // Two events for each reason and minute. The test can span two minutes.
    expect(events.length).toBeLessThanOrEqual(8 * 4);
    const names = new Map(
      events.map(({ details, actorName }) => [(details as { code: string }).code, actorName]),
    );
    expect(names.get("wrong_signature")).toBe("Before");
    expect(names.get("wrong_audience")).toBe(`Before: ${subject}`);
    // The audience names no fabric, so the token may be another team's workload's.
    expect(names.get("wrong_subject")).toBe("Before");
    expect(await owner.auditEvent.count({ where: { objectId: elsewhere.id, action: "token.refuse" } })).toBe(
      0,
    );
    expect(JSON.stringify(await owner.auditEvent.findMany())).not.toContain(unsigned);
  });
});
