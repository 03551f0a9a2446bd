import { generateKeyPairSync } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { exportJWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

const perMinute = 40;
const issuer = "https://ci.test.example";
const subject = "repo:acme/etl:ref:refs/heads/main";
const pair = generateKeyPairSync("ed25519");
let owner: Db;
let fabric: TestFabric;
let name: string;
let app: FastifyInstance;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate, { RUNTIME_RATE_PER_MINUTE: String(perMinute) });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner, "Sales");
  ({ name } = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } }));
  const versions = [{ by: "user" as const, fields: { value: "canary-7d10" } }];
  for (const id of ["warehouse", "crm", "deleted"])
    await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "text", versions });
  await owner.secret.update({ where: { id: "deleted" }, data: { deletedAt: new Date() } });
  const by = { createdById: "x", createdByName: "x", updatedById: "x", updatedByName: "x" };
  const connection = { id: "orders", fabricId: fabric.fabricId, name: "Orders", nameKey: "orders" };
  await owner.connection.create({
    data: { ...connection, kind: "postgres", properties: {}, configHash: "", ...by },
  });
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

afterAll(async () => {
  await app.close();
  await owner.$disconnect();
  await closeDb();
});

type Limits = { secretIds?: string[]; connectionIds?: string[]; cidrs?: string[] };

async function addToken(
  more: Limits & { id?: string; expiresAt?: Date; revokedAt?: Date } = {},
): Promise<string> {
  const { token, tokenHash } = newPipelineToken();
  const by = { createdById: "x", createdByName: "x" };
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash, ...by, ...more },
  });
  return token;
}

async function trust(audience: string, limits: Limits = {}): Promise<void> {
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "EdDSA" }] };
  const by = { createdById: "x", createdByName: "x" };
  const row = { fabricId: fabric.fabricId, name: "GitHub", issuer, audience, keys, ...by, ...limits };
  await owner.trustedIssuer.create({ data: { ...row, subject: "repo:acme/etl:ref:refs/heads/*" } });
}

const workloadToken = (audience: string, expiresAt: Date) =>
  new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA", kid: "k1" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(pair.privateKey);

const ask = (token: string | null, remoteAddress = "127.0.0.1") =>
  app.inject({
    url: "/v1/whoami",
    remoteAddress,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });

/** In whole seconds, as in a JWT. */
const inAnHour = () => new Date(Math.floor(Date.now() / 1000 + 3600) * 1000);

describe("GET /v1/whoami", () => {
  test("names the fabric and the pipeline token, and opens and records nothing", async () => {
    const events = await owner.auditEvent.count();
    const answer = await ask(await addToken());
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        fabric: { id: fabric.fabricId, name },
        token: { kind: "pipeline_token", name: "nightly", expiresAt: null },
        limits: null,
      },
    ]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(await owner.auditEvent.count()).toBe(events);
  });

  test("counts as a use of the token, so that a stolen one does not look unused", async () => {
    await ask(await addToken({ id: "seen" }));
    const { lastUsedAt } = await owner.pipelineToken.findUniqueOrThrow({ where: { id: "seen" } });
    expect(lastUsedAt).not.toBeNull();
  });

  test("gives the expiry of a token, and the present names of what it is limited to", async () => {
    const expiresAt = inAnHour();
    const token = await addToken({
      expiresAt,
      secretIds: ["warehouse", "crm", "deleted"],
      connectionIds: ["orders", "gone"],
    });
    expect((await ask(token)).json()).toMatchObject({
      token: { expiresAt: expiresAt.toISOString() },
      limits: { secrets: ["crm", "warehouse"], connections: ["Orders"] },
    });
    const orders = await addToken({ connectionIds: ["orders"] });
    expect((await ask(orders)).json().limits).toEqual({ secrets: [], connections: ["Orders"] });
  });

  test("describes a workload by its issuer, its subject and the expiry of its own token", async () => {
    await trust("selvage:limited", { connectionIds: ["orders"] });
    const expiresAt = inAnHour();
    const answer = await ask(await workloadToken("selvage:limited", expiresAt));
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        fabric: { id: fabric.fabricId, name },
        token: { kind: "workload_token", name: `GitHub: ${subject}`, expiresAt: expiresAt.toISOString() },
        limits: { secrets: [], connections: ["Orders"] },
      },
    ]);
  });

  test("answers only from an address that the token allows", async () => {
    const token = await addToken({ cidrs: ["10.1.0.0/16"] });
    await trust("selvage:from-10.1", { cidrs: ["10.1.0.0/16"] });
    const workload = await workloadToken("selvage:from-10.1", inAnHour());
    expect((await ask(token, "10.1.2.3")).statusCode).toBe(200);
    expect((await ask(workload, "10.1.2.3")).statusCode).toBe(200);
    expect((await ask(token, "10.2.2.3")).statusCode).toBe(401);
    expect((await ask(workload, "10.2.2.3")).statusCode).toBe(401);
  });

  test("answers every token that is not valid like no token at all, and records the refusal", async () => {
    const ofRefusals = { where: { action: "token.refuse" } };
    const before = await owner.auditEvent.count(ofRefusals);
    const none = await ask(null);
    expect([none.statusCode, none.json().error.code]).toEqual([401, "unauthorized"]);
    const past = new Date(Date.now() - 60_000);
    const invalid = {
      revoked: await addToken({ revokedAt: past }),
      expired: await addToken({ expiresAt: past }),
      unknown: newPipelineToken().token,
      "a person's access token": `svu_${"a".repeat(43)}`,
      "a workload's, past its expiry": await workloadToken("selvage:limited", past),
    };
    for (const [what, token] of Object.entries(invalid)) {
      const answer = await ask(token);
      expect([answer.statusCode, answer.body], what).toEqual([401, none.body]);
    }
    const refusals = await owner.auditEvent.findMany({ ...ofRefusals, orderBy: { id: "asc" }, skip: before });
    const codes = refusals.map(({ details }) => (details as { code: string }).code);
    // The other tokens name no fabric, so no audit log concerns them.
    expect(codes).toEqual(["revoked", "expired", "token_expired"]);
  });

  test("takes one request from the token's rate", async () => {
    // The rate counts by minute: the clock stands still within one.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    try {
      const token = await addToken();
      const answers = await Promise.all(Array.from({ length: perMinute }, () => ask(token)));
      const refused = await ask(token);
      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
      expect([refused.statusCode, refused.json().error.code]).toEqual([429, "rate_limited"]);
      expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
