import { createServer } from "node:http";
import type { FastifyInstance } from "fastify";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { flushAggregatedEvents } from "@/automate/secrets/aggregated-events";
import { matchesSubject } from "@/lib/access/subject-pattern";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { type Listening, listen } from "@/testing/servers/listening";

let owner: Db;
let fabric: TestFabric;
let other: TestFabric;
let app: FastifyInstance;
let server: Listening;
let issuer: string;
let pair: { publicKey: CryptoKey; privateKey: CryptoKey };
let requestCount = 0;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate, {
    AUTOMATE_URL: "http://automate.test",
    EGRESS_ALLOW: "127.0.0.0/8",
  });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner, "ours");
  other = await createTestFabric(owner, "theirs");
  const versions = [{ by: "user" as const, fields: { value: "open sesame" } }];
  for (const id of ["warehouse", "second"])
    await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "text", versions });
  pair = await generateKeyPair("RS256", { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256" }] };
  // A workload issuer serves two documents: its OpenID Connect discovery document and its keys.
  const http = createServer((request, response) => {
    requestCount += 1;
    response.setHeader("content-type", "application/json");
    const isKeys = request.url === "/keys";
    response.end(JSON.stringify(isKeys ? jwks : { issuer, jwks_uri: `${issuer}/keys` }));
  });
  server = await listen(http);
  issuer = `http://127.0.0.1:${server.port}`;
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
  await trust(fabric);
});

afterAll(async () => {
  await app.close();
  await server.close();
  await owner.$disconnect();
  await closeDb();
});

async function trust({ fabricId, admin }: TestFabric, more: object = {}) {
  return owner.trustedIssuer.create({
    data: {
      fabricId,
      name: "Kubernetes",
      issuer,
      audience: "selvage",
      subject: "system:serviceaccount:etl:*",
      createdById: admin.id,
      createdByName: admin.name,
      ...more,
    },
  });
}

type Changes = {
  iss?: string;
  aud?: string | string[];
  sub?: string;
  exp?: string;
  iat?: string;
  kid?: string;
  key?: CryptoKey | Uint8Array;
  alg?: string;
};

function sign(changes: Changes = {}) {
  const {
    iss = issuer,
    aud = "selvage",
    sub = "system:serviceaccount:etl:nightly",
    exp = "10m",
    kid = "k1",
  } = changes;
  return new SignJWT({})
    .setProtectedHeader({ alg: changes.alg ?? "RS256", kid })
    .setIssuer(iss)
    .setAudience(aud)
    .setSubject(sub)
    .setIssuedAt(changes.iat)
    .setExpirationTime(exp)
    .sign(changes.key ?? pair.privateKey);
}

function read(token: string, headers: object = {}, name = "warehouse") {
  return app.inject({
    url: `/v1/secrets/${name}`,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

describe("a workload of a trusted issuer", () => {
  test("reads a secret, and automate records its issuer and subject", async () => {
    const response = await read(await sign({ aud: ["other", "selvage"] }));
    expect([response.statusCode, response.json().value]).toEqual([200, "open sesame"]);
    const event = await owner.auditEvent.findFirstOrThrow({ where: { action: "secret.use" } });
    expect(event).toMatchObject({
      actorKind: "pipeline",
      actorName: "Kubernetes: system:serviceaccount:etl:nightly",
    });
  });

  test("is refused when any claim of its token is wrong", async () => {
    const stranger = await generateKeyPair("RS256");
    const secret = new TextEncoder().encode(await exportSPKI(pair.publicKey));
    const claims = { iss: issuer, aud: "selvage", sub: "system:serviceaccount:etl:nightly" };
    const tokens = {
      "another audience": await sign({ aud: "vault" }),
      "another subject": await sign({ sub: "system:serviceaccount:web:nightly" }),
      "a subject that only ends like it": await sign({ sub: "x:system:serviceaccount:etl:nightly" }),
      "a subject that no log can hold": await sign({ sub: "system:serviceaccount:etl:\0" }),
      "a time to come": await sign({ iat: "1h", exp: "2h" }),
      "an end in the past": await sign({ exp: "-1m" }),
      "an end in two days": await sign({ exp: "2d" }),
      "a life of two days that is nearly over": await sign({ iat: "-2d" }),
      "a key of somebody else": await sign({ key: stranger.privateKey }),
      "a key that nobody knows": await sign({ kid: "k2" }),
      "the public key as a secret": await sign({ alg: "HS256", key: secret }),
      "no signature": new UnsecuredJWT(claims).setIssuedAt().setExpirationTime("10m").encode(),
      "an issuer that nobody trusts": await sign({ iss: "https://nobody.test.example" }),
      "no sense": "a.b.c",
    };
    const answers = await Promise.all(
      Object.entries(tokens).map(async ([what, token]) => [what, (await read(token)).statusCode]),
    );
    expect(answers).toEqual(Object.keys(tokens).map((what) => [what, 401]));
  });

  test("is counted by its own name and address when it gets unchanged answers", async () => {
    const [one, other] = ["payments", "website 😀".padEnd(230, "😀")].map(
      (name) => `system:serviceaccount:etl:${name}`,
    );
    for (const [sub, remoteAddress] of [
      [one, "10.1.1.1"],
      [one, "10.1.1.1"],
      [other, "10.2.2.2"],
    ] as const) {
      const authorization = `Bearer ${await sign({ sub: String(sub) })}`;
      const headers = { authorization, "if-none-match": 'W/"warehouse.1"' };
      expect((await app.inject({ url: "/v1/secrets/warehouse", remoteAddress, headers })).statusCode).toBe(
        304,
      );
    }
    await flushAggregatedEvents();
    const events = await owner.auditEvent.findMany({
      where: { action: "secret.unchanged" },
      orderBy: { id: "asc" },
    });
    expect(events.map(({ details }) => details)).toMatchObject([
      { source: "10.1.1.1", count: 2 },
      { source: "10.2.2.2", count: 1 },
    ]);
    expect(events[0]?.actorName).toBe(`Kubernetes: ${one}`);
    expect(events[1]?.actorName).toMatch(/😀$/);
  });

  test("of an untrusted issuer causes no fetch", async () => {
    const before = requestCount;
    await read(await sign({ iss: `${issuer}/elsewhere` }));
    expect(requestCount).toBe(before);
  });

  test("of an issuer that does not answer causes one fetch, not one for each token", async () => {
    let calls = 0;
    const http = createServer((_request, response) => {
      calls += 1;
      response.writeHead(500).end();
    });
    const broken = await listen(http);
    const iss = `http://127.0.0.1:${broken.port}`;
    const { id } = await trust(fabric, { issuer: iss });
    expect((await read(await sign({ iss }))).statusCode).toBe(401);
    const again = await Promise.all([await sign({ iss }), await sign({ iss })].map((token) => read(token)));
    expect(again.map(({ statusCode }) => statusCode)).toEqual([401, 401]);
    expect(calls).toBe(1);
    await owner.trustedIssuer.delete({ where: { id } });
    await broken.close();
  });

  test("names its fabric when several trust its issuer", async () => {
    const theirs = await trust(other);
    const token = await sign();
    expect((await read(token)).statusCode).toBe(401);
    expect((await read(token, { "x-selvage-fabric": fabric.fabricId })).statusCode).toBe(200);
    const headers = { "x-vault-token": token };
    const byMount = await app.inject({ url: `/vault/v1/${fabric.fabricId}/data/warehouse`, headers });
    expect(byMount.statusCode).toBe(200);
    const { name } = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } });
    expect((await read(token, { "x-selvage-fabric": name })).statusCode).toBe(200);
    // The other fabric has no such secret.
    expect((await read(token, { "x-selvage-fabric": other.fabricId })).statusCode).toBe(404);
    await owner.trustedIssuer.delete({ where: { id: theirs.id } });
  });

  test("signs in by the Vault dialect, with the fabric as its role", async () => {
    const login = async (role: string) => {
      const payload = JSON.stringify({ role, jwt: await sign() });
      const url = "/vault/v1/auth/jwt/login";
      return app.inject({ method: "POST", url, payload, headers: { "content-type": "application/json" } });
    };
    const { auth } = (await login(fabric.fabricId)).json();
    expect(auth.lease_duration).toBeGreaterThan(500);
    const headers = { "x-vault-token": auth.client_token };
    const answer = await app.inject({ url: `/vault/v1/${fabric.fabricId}/data/warehouse`, headers });
    expect(answer.json().data.data).toEqual({ value: "open sesame" });
    expect((await login(other.fabricId)).statusCode).toBe(400);
  });

  test("stays in the fabric that it signed in to when several trust its issuer", async () => {
    const theirs = await trust(other);
    const payload = JSON.stringify({ role: fabric.fabricId, jwt: await sign() });
    const { auth } = (await app.inject({ method: "POST", url: "/vault/v1/auth/jwt/login", payload })).json();
    const ask = async (path: string) => {
      const headers = { "x-vault-token": auth.client_token };
      const answer = await app.inject({ url: `/vault/v1/${path}`, headers });
      return [answer.statusCode, answer.json().data];
    };
    expect(await ask("auth/token/lookup-self")).toMatchObject([200, { path: "auth/jwt/login" }]);
    expect(await ask(`${fabric.fabricId}/data/warehouse`)).toMatchObject([200, { metadata: { version: 1 } }]);
    expect((await ask(`${other.fabricId}/data/warehouse`))[0]).toBe(403);
    await owner.trustedIssuer.delete({ where: { id: theirs.id } });
  });

  test("reaches only the limits of its trusted issuer, from the allowed addresses only", async () => {
    await owner.trustedIssuer.updateMany({ data: { secretIds: ["warehouse"] } });
    const token = await sign();
    expect((await read(token)).statusCode).toBe(200);
    expect((await read(token, {}, "second")).statusCode).toBe(404);
    const headers = { "x-vault-token": token };
    const listed = await app.inject({ url: `/vault/v1/${fabric.fabricId}/metadata?list=true`, headers });
    expect(listed.json().data.keys).toEqual(["warehouse"]);
    await owner.trustedIssuer.updateMany({ data: { cidrs: ["10.1.0.0/16"] } });
    expect((await read(token)).statusCode).toBe(401);
    const event = await owner.auditEvent.findFirstOrThrow({
      where: { action: "token.refuse", details: { path: ["code"], equals: "wrong_address" } },
    });
    expect(event).toMatchObject({
      actorName: "Kubernetes: system:serviceaccount:etl:nightly",
      details: { source: "127.0.0.1" },
    });
    // The fabric then trusts the issuer a second time, for this address.
    const { id } = await trust(fabric);
    expect((await read(token, {}, "second")).statusCode).toBe(200);
    await owner.trustedIssuer.delete({ where: { id } });
    await owner.trustedIssuer.updateMany({ data: { secretIds: [], cidrs: [] } });
  });

  test("is refused immediately after the fabric removes its issuer", async () => {
    const token = await sign();
    expect((await read(token)).statusCode).toBe(200);
    await owner.trustedIssuer.deleteMany({ where: { fabricId: fabric.fabricId } });
    expect((await read(token)).statusCode).toBe(401);
  });
});

test.each([
  ["repo:ours/etl:ref:refs/heads/main", "repo:ours/etl:ref:refs/heads/main", true],
  ["repo:ours/*:ref:refs/heads/main", "repo:ours/etl:ref:refs/heads/main", true],
  ["repo:ours/*:ref:refs/heads/main", "repo:ours/etl:ref:refs/heads/other", false],
  ["repo:ours/*", "repo:ours", false],
  ["*:nightly", "etl:nightly", true],
  ["aa*aa", "aaa", false],
  ["a*b*c", "a-c-b-c", true],
  ["a.c", "abc", false],
  ["repo:ours/*", "repo:ours/etl", true],
  ["repo:ours/*", "repo:ours/etl:ref:refs/heads/main", false],
  ["system:serviceaccount:etl:*", "system:serviceaccount:etl:nightly", true],
  ["system:serviceaccount:*", "system:serviceaccount:etl:nightly", false],
  ["system:serviceaccount:*:nightly", "system:serviceaccount:etl:nightly", true],
  ["*:*", "a/b", false],
  ["a*/b*", "ax:by", false],
])("the pattern %s and the subject %s: %s", (pattern, subject, isMatch) => {
  expect(matchesSubject(pattern, subject)).toBe(isMatch);
});
