import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startBackgroundChecks } from "@/automate/checks/background";
import { checkInBackground } from "@/automate/checks/background-check";
import { dueConnections } from "@/automate/checks/due-connections";
import { type CheckPool, createCheckPool } from "@/automate/checks/pool";
import { storeResult } from "@/automate/checks/results";
import { createPreparedRuns, type PreparedRuns } from "@/automate/checks/run";
import { purge } from "@/automate/purge";
import { storeReaders } from "@/automate/secrets/readers";
import { configHash } from "@/lib/connections/config-hash";
import { getConnection } from "@/lib/connections/queries";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { listen } from "@/testing/servers/listening";
import { startRestApiServer } from "@/testing/servers/rest-api-server";

const minutes = 15;
let owner: Db;
let urls: TestDatabase;
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let fabric: TestFabric;
const workerPath = builtCheckWorker();
let pool: CheckPool;
let runPrepared: PreparedRuns;
let api: Awaited<ReturnType<typeof startRestApiServer>>;

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate, {
    EGRESS_ALLOW: "127.0.0.0/8",
  });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  pool = createCheckPool({ workerPath });
  runPrepared = createPreparedRuns({ keys: fabric.keys, pool });
  api = await startRestApiServer({ basic: { username: "etl", password: "right" } });
});

beforeEach(async () => {
  await owner.connection.deleteMany();
  await owner.connectionCheck.deleteMany();
  await owner.checkLease.deleteMany();
  api.requests.length = 0;
});

afterAll(async () => {
  await api.close();
  pool.close();
  await owner.$disconnect();
  await closeDb();
});

/** A saved connection to the stand-in, with its own login. */
async function addConnection({ password = "right", isAllowed = true, port = api.port } = {}) {
  const id = randomUUID();
  const { fabricId, user } = fabric;
  const who = { createdById: user.id, createdByName: user.name };
  const by = { ...who, updatedById: user.id, updatedByName: user.name };
  const name = { name: id, nameKey: id };
  const versions = [{ by: "user" as const, fields: { username: "etl", password } }];
  await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "username_password", versions });
  const destination = `http://127.0.0.1:${port}`;
  if (isAllowed)
    await owner.allowedDestination.create({
      data: { fabricId, secretId: id, version: 1, destination, ...who },
    });
  const plain = {
    baseUrl: `http://127.0.0.1:${port}`,
    testPath: `/${id}`,
    authType: "basic",
    tlsMode: "disable",
  };
  const hash = configHash("restapi", { ...plain, basicCredential: id });
  await owner.connection.create({
    data: { id, fabricId, ...name, kind: "restapi", properties: plain, configHash: hash, ...by },
  });
  await owner.connectionSecret.create({
    data: { connectionId: id, field: "basicCredential", secretId: id, fabricId },
  });
  return { id, hash };
}

type Added = Awaited<ReturnType<typeof addConnection>>;

/** Moves everything recorded about the connection this far into the past. */
async function age({ id, hash }: Added, span: string) {
  await owner.$executeRaw`UPDATE connection_check SET "checkedAt" = "checkedAt" - ${span}::interval WHERE "configHash" = ${hash}`;
  await owner.$executeRaw`UPDATE connection SET "updatedAt" = "updatedAt" - ${span}::interval WHERE id = ${id}`;
  await owner.$executeRaw`UPDATE secret_version SET "createdAt" = "createdAt" - ${span}::interval WHERE "secretId" = ${id}`;
}

const addCheck = ({ hash }: Added, code: string | null, actorId = "automate") =>
  owner.connectionCheck.create({
    data: {
      fabricId: fabric.fabricId,
      configHash: hash,
      ok: code === null,
      code,
      durationMs: 1,
      actorId,
      actorName: "x",
    },
  });
const run = ({ id }: Added) => checkInBackground(runPrepared, id, minutes);
const codes = async ({ hash }: Added) =>
  (await owner.connectionCheck.findMany({ where: { configHash: hash }, orderBy: { checkedAt: "asc" } })).map(
    ({ ok, code }) => (ok ? "ok" : code),
  );
const events = ({ id }: Added, action: string) =>
  owner.auditEvent.findMany({ where: { objectId: id, action }, orderBy: { id: "asc" } });

const isPlanned = async ({ id }: Added) => (await dueConnections(minutes)).includes(id);

describe("a background check", () => {
  test("runs as Selvage: automate records a use of the secret and no person's check", async () => {
    const connection = await addConnection();
    await run(connection);
    expect(await codes(connection)).toEqual(["ok"]);
    expect(await events(connection, "secret.use")).toMatchObject([
      { actorKind: "system", actorId: "automate", details: { purpose: "check" } },
    ]);
    expect(await owner.auditEvent.count({ where: { action: "connection.check" } })).toBe(0);
  });

  test("that signs in is a use of its secret; one that fails marks the configuration, until one passes", async () => {
    const connection = await addConnection({ password: "wrong" });
    const used = async ({ id }: Added) => {
      await storeReaders();
      return (await owner.secretUse.findUnique({ where: { secretId: id } }))?.isUsed ?? false;
    };
    const failing = ({ hash }: Added) =>
      owner.failingCheck.findMany({ where: { configHash: hash }, select: { code: true, versions: true } });
    await run(connection);
    expect(await used(connection)).toBe(true);
    expect(await failing(connection)).toEqual([
      { code: "rejected_credentials", versions: { [connection.id]: 1 } },
    ]);
    // The server accepts it now.
    const { hash } = connection;
    await owner.$transaction((tx) =>
      storeResult(
        tx,
        fabric.scope("user", "connection:check"),
        hash,
        { type: "result", ok: true, ms: 1 },
        {},
      ),
    );
    expect(await failing(connection)).toEqual([]);
    // Nothing listens there, so nothing was sent; and a refusal says nothing about the connection.
    const unreachable = await addConnection({ port: 1 });
    await run(unreachable);
    expect([await used(unreachable), (await failing(unreachable)).length]).toEqual([false, 1]);
    const refused = await addConnection({ isAllowed: false });
    await run(refused);
    expect(await failing(refused)).toEqual([]);
  });

  test("allows no destination: automate opens no secret and dials no server", async () => {
    const connection = await addConnection({ isAllowed: false });
    await run(connection);
    expect(await codes(connection)).toEqual(["destination_not_allowed"]);
    expect(await owner.allowedDestination.count({ where: { secretId: connection.id } })).toBe(0);
    expect(await events(connection, "secret.use")).toEqual([]);
    expect(api.requests).toHaveLength(0);
  });

  test("runs once when two automates start it at once, and not again before it is due", async () => {
    const connection = await addConnection();
    await Promise.all([run(connection), run(connection)]);
    await run(connection);
    expect(await codes(connection)).toEqual(["ok"]);
  });

  test("holds its server's slot: a second check there stays due", async () => {
    const [first, second] = [await addConnection(), await addConnection()];
    await Promise.all([run(first), run(second)]);
    expect([...(await codes(first)), ...(await codes(second))]).toEqual(["ok"]);
    await Promise.all([run(first), run(second)]);
    expect([...(await codes(first)), ...(await codes(second))]).toEqual(["ok", "ok"]);
  });

  test("records an event for each change of status, once in each direction", async () => {
    const connection = await addConnection({ password: "wrong" });
    await addCheck(connection, null);
    for (let n = 0; n < 2; n += 1) {
      await age(connection, "25 hours");
      await run(connection);
    }
    expect(await codes(connection)).toEqual(["ok", "rejected_credentials", "rejected_credentials"]);
    expect(await events(connection, "connection.status")).toMatchObject([
      { actorKind: "system", details: { ok: false, code: "rejected_credentials" } },
    ]);
    const mended = await addConnection();
    await addCheck(mended, "timed_out");
    for (let n = 0; n < 2; n += 1) {
      await age(mended, "16 minutes");
      await run(mended);
    }
    expect(await events(mended, "connection.status")).toMatchObject([{ details: { ok: true } }]);
  });
});

test("a check of a value that was replaced meanwhile does not count as an attempt", async () => {
  const connection = await addConnection();
  const running = run(connection);
  await expect.poll(() => api.requests.length, { timeout: 20_000 }).toBe(1);
  const { fabricId, user } = fabric;
  const who = { createdById: user.id, createdByName: user.name };
  await owner.secretVersion.create({
    data: {
      secretId: connection.id,
      version: 2,
      fabricId,
      manifest: { username: 1, password: 2 },
      metadata: {},
      ...who,
    },
  });
  await running;
  expect(await codes(connection)).toEqual(["ok"]);
  const { status } = await getConnection(fabric.scope("user", "connection:list"), connection.id);
  expect(status).toEqual({ state: "not_tested", reason: "value_replaced" });
  expect(await isPlanned(connection)).toBe(true);
});

test("another automate reruns a check whose automate was killed", async () => {
  const sockets: Socket[] = [];
  const silent = await listen(createServer((socket) => void sockets.push(socket)));
  const connection = await addConnection({ port: silent.port });
  const automates = createTestAutomates(() => ({
    ...keys.automate,
    AUTOMATE_DATABASE_URL: urls.automateUrl,
    BACKGROUND_CHECKS: "on",
  }));
  const { process: automate } = await automates.start();
  await expect.poll(() => sockets.length, { timeout: 75_000 }).toBe(1);
  automate.kill("SIGKILL");
  await once(automate, "exit");
  await silent.close();
  // The killed automate's lease has not expired yet.
  expect(await isPlanned(connection)).toBe(false);
  await run(connection);
  expect(await codes(connection)).toEqual([]);
  await owner.$executeRaw`UPDATE check_lease SET "leasedUntil" = now() - interval '1 second'`;
  expect(await isPlanned(connection)).toBe(true);
  await run(connection);
  expect(await codes(connection)).toEqual(["connection_refused"]);
  expect(await owner.checkLease.count()).toBe(0);
}, 120_000);

describe("a lease", () => {
  const lease = (key: string, span: string) =>
    owner.$executeRaw`INSERT INTO check_lease VALUES (${key}, 'another', now() + ${span}::interval)`;

  test.each(["connection", "endpoint"])("of another automate on the %s prevents a check", async (what) => {
    const connection = await addConnection();
    const key =
      what === "connection" ? `connection:${connection.id}` : `endpoint:http://127.0.0.1:${api.port}`;
    await lease(key, "1 minute");
    await run(connection);
    expect(api.requests).toEqual([]);
    expect(await codes(connection)).toEqual([]);
    // Only the other automate's lease remains.
    expect(await owner.checkLease.findMany({ select: { key: true } })).toEqual([{ key }]);
    await owner.checkLease.deleteMany();
    await lease(key, "-1 second");
    await run(connection);
    expect(await codes(connection)).toEqual(["ok"]);
  });

  test("that another automate took over prevents recording the result", async () => {
    const sockets: Socket[] = [];
    const silent = await listen(createServer((socket) => void sockets.push(socket)));
    const connection = await addConnection({ port: silent.port });
    const running = run(connection);
    await expect.poll(() => sockets.length, { timeout: 20_000 }).toBe(1);
    await owner.$executeRaw`UPDATE check_lease SET holder = 'another' WHERE key = ${`connection:${connection.id}`}`;
    sockets[0]?.destroy();
    await running;
    await silent.close();
    expect(await codes(connection)).toEqual([]);
    expect(await owner.checkLease.count({ where: { holder: { not: "another" } } })).toBe(0);
  });

  test("holds no transaction open while a check runs", async () => {
    const sockets: Socket[] = [];
    const silent = await listen(createServer((socket) => void sockets.push(socket)));
    const connection = await addConnection({ port: silent.port });
    const running = run(connection);
    await expect.poll(() => sockets.length, { timeout: 20_000 }).toBe(1);
    const open = await owner.$queryRaw<unknown[]>`
      SELECT state FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'`;
    expect(open).toEqual([]);
    sockets[0]?.destroy();
    await running;
    await silent.close();
  });
});

describe("a check is due", () => {
  test("for a connection that was never checked, or whose passed check has expired", async () => {
    const connection = await addConnection();
    expect(await isPlanned(connection)).toBe(true);
    await addCheck(connection, null);
    expect(await isPlanned(connection)).toBe(false);
    await age(connection, "16 minutes");
    expect(await isPlanned(connection)).toBe(true);
  });

  test.each([
    [1, "timed_out", "31 seconds", "25 seconds"],
    [3, "timed_out", "125 seconds", "110 seconds"],
    [12, "timed_out", "365 minutes", "355 minutes"],
    [1, "rejected_credentials", "1445 minutes", "1435 minutes"],
    [1, "sign_in_paused", "1445 minutes", "1435 minutes"],
  ])("after %d times %s: it is checked after %s, not after %s", async (times, code, late, early) => {
    const connection = await addConnection();
    for (let n = 0; n < times; n += 1) await addCheck(connection, code);
    await age(connection, early);
    expect(await isPlanned(connection)).toBe(false);
    await owner.connectionCheck.deleteMany();
    for (let n = 0; n < times; n += 1) await addCheck(connection, code);
    await age(connection, late);
    expect(await isPlanned(connection)).toBe(true);
  });

  test("for a connection whose secret was replaced since", async () => {
    const connection = await addConnection();
    await addCheck(connection, null);
    await owner.$executeRaw`UPDATE secret_version SET "createdAt" = now() + interval '1 second' WHERE "secretId" = ${connection.id}`;
    expect(await isPlanned(connection)).toBe(true);
  });

  test.each(["a check", "a pipeline", "an edit"])("not after a week without use, until %s", async (use) => {
    const connection = await addConnection();
    await addCheck(connection, null);
    await age(connection, "8 days");
    await addCheck(connection, null);
    await owner.$executeRaw`UPDATE connection_check SET "checkedAt" = "checkedAt" - interval '1 hour'`;
    expect(await isPlanned(connection)).toBe(false);
    if (use === "a check") {
      await addCheck(connection, null, fabric.user.id);
      await owner.$executeRaw`UPDATE connection_check SET "checkedAt" = "checkedAt" - interval '1 hour'`;
    } else if (use === "an edit") await owner.connection.updateMany({ data: { updatedAt: new Date() } });
    else
      await owner.auditEvent.create({
        data: {
          fabricId: fabric.fabricId,
          actorKind: "pipeline",
          actorId: "p1",
          actorName: "nightly",
          action: "secret.use",
          objectKind: "secret",
          objectId: connection.id,
          objectName: connection.id,
        },
      });
    expect(await isPlanned(connection)).toBe(true);
  });

  test("only while no other automate runs it", async () => {
    const connection = await addConnection();
    await owner.$executeRaw`
      INSERT INTO check_lease VALUES (${`connection:${connection.id}`}, 'another', now() + interval '1 minute')`;
    expect(await isPlanned(connection)).toBe(false);
  });
});

test("purging keeps the newest hundred results, a week of people's results, and the first result of each status", async () => {
  const connection = await addConnection();
  await addCheck(connection, null, fabric.user.id);
  await age(connection, "1 day");
  for (let n = 0; n < 3; n += 1) {
    await addCheck(connection, "timed_out");
    await age(connection, "1 hour");
  }
  for (let n = 0; n < 100; n += 1) await addCheck(connection, null);
  await purge();
  expect(await owner.connectionCheck.count({ where: { actorId: fabric.user.id } })).toBe(1);
  expect(await owner.connectionCheck.count({ where: { actorId: "automate", ok: true } })).toBe(100);
  // The check at which the failures began shows until when the connection passed.
  expect(await owner.connectionCheck.count({ where: { ok: false } })).toBe(1);
});

test("two automates check every connection once, automatically", async () => {
  const added = [await addConnection(), await addConnection(), await addConnection()];
  const settings = { runPrepared, minutes, spreadMs: 1000, onError: () => {} };
  const copies = [startBackgroundChecks(settings), startBackgroundChecks(settings)];
  try {
    await expect
      .poll(async () => (await Promise.all(added.map(codes))).flat(), { timeout: 50_000, interval: 300 })
      .toEqual(["ok", "ok", "ok"]);
    // Both automates requested each check.
    expect(api.requests).toHaveLength(3);
  } finally {
    await Promise.all(copies.map((copy) => copy.stop()));
  }
  expect(await owner.checkLease.count()).toBe(0);
}, 60_000);

test("an automate that is told of another value checks its connections at once, not at its next minute", async () => {
  const first = await addConnection();
  const copy = startBackgroundChecks({ runPrepared, minutes, spreadMs: 0, onError: () => {} });
  const isChecked = (connection: Added) =>
    expect.poll(() => codes(connection), { timeout: 20_000 }).toEqual(["ok"]);
  try {
    await isChecked(first);
    const next = await addConnection();
    copy.wake();
    await isChecked(next);
  } finally {
    await copy.stop();
  }
});

test("a stopping automate cancels its running checks, and they stay due", async () => {
  const sockets: Socket[] = [];
  const silent = await listen(createServer((socket) => void sockets.push(socket)));
  const connection = await addConnection({ port: silent.port });
  const copy = startBackgroundChecks({ runPrepared, minutes, spreadMs: 0, onError: () => {} });
  await expect.poll(() => sockets.length, { timeout: 20_000 }).toBe(1);
  await copy.stop();
  await silent.close();
  expect(await codes(connection)).toEqual([]);
  expect(await isPlanned(connection)).toBe(true);
});
