import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createInternalApp, createRuntimeApp } from "@/automate/app";
import { type CheckPool, createCheckPool } from "@/automate/checks/pool";
import { createReach } from "@/automate/checks/reach";
import { createPreparedRuns } from "@/automate/checks/run";
import { destroyDeletedFabrics } from "@/automate/fabrics/destroy-fabrics";
import { measureKeyCall, serveMetrics } from "@/automate/http/metrics";
import { chooseMasterKey } from "@/automate/keys/choose-master-key";
import { createFabricKeys, type FabricKeys } from "@/automate/keys/fabric-keys";
import { newPipelineToken } from "@/lib/access/pipeline";
import { type CheckResult, checkEventSchema } from "@/lib/connectors/check-protocol";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import type { MasterKey } from "@/lib/kms/define";
import { createKeyring, type Keyring, type KeyringKey, openKeyring } from "@/lib/kms/keyring";
import { resilient } from "@/lib/kms/resilient";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import type { KeyService, Situation } from "@/testing/key-services/key-service";
import { startTransit } from "@/testing/key-services/transit";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { startRestApiServer } from "@/testing/servers/rest-api-server";
import { injectAsWeb } from "@/testing/signed-request";
import { countIdleTransactions } from "@/testing/waiting-queries";

/* A team has its own master key, in a key service that misbehaves. Another team's fabric is under the primary. */

const canary = "canary-7d20cf55";
const quick = { callTimeoutMs: 400, attempts: 2, maxDelayMs: 20, breakAfter: 4, breakForMs: 400 };
const expiryMs = 5 * 60_000;
let owner: Db;
let service: KeyService;
let keyring: Keyring;
let acme: KeyringKey;
let keys: FabricKeys;
let ours: Member;
let theirs: Member;
let runtime: FastifyInstance;
let internal: FastifyInstance;
let webKey: string;
let now = Date.now();
const workerPath = builtCheckWorker();
let pool: CheckPool;
let api: Awaited<ReturnType<typeof startRestApiServer>>;

/** A key of our team's keyring. */
function named(label: string, key: MasterKey, team: string, resilience = quick): KeyringKey {
  return { ...resilient(key, label, measureKeyCall, resilience), label, team };
}

type Member = TestFabric & { token: string; mount: string };

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  webKey = web.WEB_SIGNING_KEY;
  Object.assign(process.env, web, automate, {
    AUTOMATE_URL: "http://automate.test",
    EGRESS_ALLOW: "127.0.0.0/8",
  });
  owner = createDb(urls.ownerUrl);
  api = await startRestApiServer({ basic: { username: "etl", password: "right" } });
  const [fabric, other] = [await createTestFabric(owner, "ours"), await createTestFabric(owner, "theirs")];
  service = await startTransit();
  const main = await openKeyring({ masterKeyFile: automate.MASTER_KEY_FILE });
  acme = named("acme", await service.open(), fabric.teamId);
  keyring = createKeyring([main.primary, acme], "main");
  const signingKey = JSON.parse(automate.AUTOMATE_SIGNING_KEY);
  const scope = fabric.scope("admin", "fabric-key:write");
  await chooseMasterKey(createFabricKeys(db, keyring, signingKey), scope, acme.fingerprint);
  ours = await furnish(fabric, "ours", urls.webUrl);
  theirs = await furnish(other, "theirs", urls.webUrl);
  pool = createCheckPool({ workerPath, limits: { max: 1 } });
});

beforeEach(async () => {
  service.be("works");
  // Closes the circuit breaker of the test before. The clock moves, so that nothing is remembered.
  await serve(acme);
  const isUsable = async () => {
    now += expiryMs;
    return keys.requireUsable(ours.fabricId).then(
      () => true,
      () => false,
    );
  };
  await expect.poll(isUsable, { timeout: 5_000 }).toBe(true);
  now += expiryMs;
});

/** Starts the two servers with the primary and this key of our team. */
async function serve(key: KeyringKey) {
  await stop();
  const signingKey = JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? "{}");
  keys = createFabricKeys(db, createKeyring([keyring.primary, key], "main"), signingKey, { now: () => now });
  runtime = createRuntimeApp({ keys, logger: false });
  internal = createInternalApp({
    keys,
    reach: createReach(pool),
    runPrepared: createPreparedRuns({ keys, pool }),
    logger: false,
  });
}

async function stop() {
  await runtime?.close();
  await internal?.close();
}

afterAll(async () => {
  await stop();
  pool.close();
  await api.close();
  await service.close();
  await closeDb();
  await owner.$disconnect();
});

/** Adds a secret, a login of the REST API, and a token. */
async function furnish(fabric: TestFabric, name: string, webUrl: string): Promise<Member> {
  const { fabricId, user } = fabric;
  const by = { createdById: user.id, createdByName: user.name };
  await addTestSecret(owner, fabric, webUrl, {
    id: `value-${name}`,
    name: "one",
    subKind: "text",
    versions: [{ by: "user", fields: { value: canary } }],
  });
  await addTestSecret(owner, fabric, webUrl, {
    id: `login-${name}`,
    subKind: "username_password",
    versions: [{ by: "user", fields: { username: "etl", password: "right" } }],
  });
  const destination = `http://127.0.0.1:${api.port}`;
  await owner.allowedDestination.create({
    data: { fabricId, secretId: `login-${name}`, version: 1, destination, ...by },
  });
  const { token, tokenHash } = newPipelineToken();
  await owner.pipelineToken.create({ data: { fabricId, name: "nightly", tokenHash, ...by } });
  const { name: label } = await owner.fabric.findUniqueOrThrow({ where: { id: fabricId } });
  return { ...fabric, token, mount: label.replaceAll(" ", "_") };
}

const read = ({ token }: Member) =>
  runtime.inject({ url: "/v1/secrets/one", headers: { authorization: `Bearer ${token}` } });
const readByVault = ({ token, mount }: Member) =>
  runtime.inject({ url: `/vault/v1/${mount}/data/one`, headers: { "x-vault-token": token } });
const usesOf = ({ fabricId }: Member) =>
  owner.auditEvent.count({ where: { fabricId, action: "secret.use" } });

/** The result of a check of the REST API with the fabric's login. */
async function check(member: Member, name: "ours" | "theirs"): Promise<CheckResult> {
  const properties = {
    baseUrl: `http://127.0.0.1:${api.port}`,
    testPath: `/${name}`,
    authType: "basic",
    tlsMode: "disable",
    basicCredential: `login-${name}`,
  };
  const body = { kind: "restapi", connectionName: "Orders", properties, isConfirmed: false };
  const by = { userId: member.admin.id, fabricId: member.fabricId };
  const answer = await injectAsWeb(internal, webKey, by, "connection:check", body);
  const lines = answer.body.trim().split("\n");
  const last = checkEventSchema.parse(JSON.parse(lines.at(-1) ?? ""));
  if (last.type !== "result") throw new Error(answer.body);
  return last;
}

/** Deletes or restores our fabric. */
function ask(purpose: "fabric:delete" | "fabric:restore") {
  const { fabricId, admin } = ours;
  return injectAsWeb(internal, webKey, { userId: admin.id, fabricId }, purpose, { fabricId });
}

/** Seconds that `work` took. */
async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

describe("a team's key service", () => {
  test.each<[Situation, string, string]>([
    ["hanging", "key_service_unavailable", "2"],
    ["failing", "key_service_unavailable", "2"],
    ["throttled", "key_service_unavailable", "7"],
    ["a page of a proxy", "key_service_unavailable", "2"],
    ["an empty answer", "key_service_unavailable", "2"],
    ["a key of 31 bytes", "key_service_unavailable", "2"],
    ["disabled", "key_disabled", "30"],
    ["denied", "key_denied", "30"],
    ["missing", "key_missing", "30"],
  ])("%s stops the reads and checks of that team alone, and says so: %s", async (situation, code, after) => {
    const before = await usesOf(ours);
    service.be(situation);
    const answer = await read(ours);
    expect([answer.statusCode, answer.json().error.code, answer.headers["retry-after"]]).toEqual([
      503,
      code,
      after,
    ]);
    const vault = await readByVault(ours);
    expect([vault.statusCode, vault.json(), vault.headers["retry-after"]]).toEqual([
      503,
      { errors: [answer.json().error.message] },
      after,
    ]);
    expect(await check(ours, "ours")).toMatchObject({ ok: false, code });
    expect(answer.body + vault.body).not.toContain(canary);
    // Nothing was opened, so nothing is recorded as used.
    expect(await usesOf(ours)).toBe(before);
    expect((await read(theirs)).json().value).toBe(canary);
    expect(await check(theirs, "theirs")).toMatchObject({ ok: true });
    service.be("works");
    now += expiryMs;
    await expect.poll(async () => (await read(ours)).statusCode, { timeout: 5_000 }).toBe(200);
    expect(await check(ours, "ours")).toMatchObject({ ok: true });
  });

  test("that unwraps with another key makes values unreadable with an alarm, as for a changed value", async () => {
    const other = await service.openOther();
    const wrong = { ...acme, unwrap: other.unwrap };
    const wrongKeys = createFabricKeys(db, createKeyring([keyring.primary, wrong], "main"), {});
    const app = createRuntimeApp({ keys: wrongKeys, logger: false });
    const answer = await app.inject({
      url: "/v1/secrets/one",
      headers: { authorization: `Bearer ${ours.token}` },
    });
    await app.close();
    expect([answer.statusCode, answer.json().error.code]).toEqual([500, "cannot_open"]);
    expect(await owner.auditEvent.count({ where: { fabricId: ours.fabricId, action: "secret.alarm" } })).toBe(
      1,
    );
  });

  test("may be gone for as long as private keys are in memory", async () => {
    expect((await read(ours)).statusCode).toBe(200);
    service.be("hanging");
    now += expiryMs - 1_000;
    expect((await read(ours)).json().value).toBe(canary);
    expect(await check(ours, "ours")).toMatchObject({ ok: true });
    expect(service.requests()).toBe(0);
    now += 2_000;
    expect((await read(ours)).statusCode).toBe(503);
  });

  test("that hangs delays nobody else, neither pipelines nor checks that need a slot", async () => {
    await serve(
      named("acme", await service.open(), ours.teamId, { ...quick, callTimeoutMs: 3_000, attempts: 1 }),
    );
    await read(theirs);
    service.be("hanging");
    let isStuck = true;
    const settled = () => {
      isStuck = false;
    };
    const checks = Array.from({ length: 5 }, () => check(ours, "ours").finally(settled));
    await expect.poll(() => service.requests(), { interval: 1 }).toBeGreaterThan(0);
    const reads = Array.from({ length: 100 }, () => read(ours).finally(settled));
    // Only one check runs at once, and those of our fabric hold no slot.
    expect(await check(theirs, "theirs")).toMatchObject({ ok: true });
    expect(await secondsOf(() => Promise.all(Array.from({ length: 20 }, () => read(theirs))))).toBeLessThan(
      2,
    );
    expect(await countIdleTransactions(owner)).toBe(0);
    expect(isStuck).toBe(true);
    await Promise.all([...checks, ...reads]);
    // 100 reads and 5 checks share one call, and the next read is answered without any.
    expect(service.requests()).toBe(1);
    expect(await secondsOf(() => read(ours))).toBeLessThan(1);
  });

  test("shows its calls, errors and times in the metrics", async () => {
    service.be("denied");
    await read(ours);
    const server = await serveMetrics({ host: "127.0.0.1", port: 0 });
    const { port } = server.address() as AddressInfo;
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    server.close();
    for (const outcome of ["ok", "denied"])
      expect(text).toContain(
        `selvage_key_service_calls_total{key="acme",operation="unwrap",outcome="${outcome}"} `,
      );
    expect(text).toMatch(/selvage_key_service_seconds_count\{key="acme",operation="unwrap"\} \d/);
  });

  test("that is gone for ever stops neither the deletion of a fabric, nor its undo, nor its destruction", async () => {
    service.be("scheduled for deletion");
    expect((await ask("fabric:delete")).statusCode).toBe(200);
    expect((await ask("fabric:restore")).statusCode).toBe(200);
    expect((await ask("fabric:delete")).statusCode).toBe(200);
    const { fabricId } = ours;
    await owner.$executeRaw`UPDATE fabric_deletion SET "destroyAt" = now() WHERE "fabricId" = ${fabricId}`;
    await destroyDeletedFabrics();
    expect(await owner.fabricKey.count({ where: { fabricId } })).toBe(0);
    expect(await owner.fabricMasterKey.count({ where: { fabricId } })).toBe(0);
    expect(service.requests()).toBe(0);
  });
});
