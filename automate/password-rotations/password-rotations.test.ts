import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { discardCandidate, expireCandidates } from "@/automate/candidates/close-candidates";
import { promoteCandidate } from "@/automate/candidates/promote";
import { type CheckPool, createCheckPool } from "@/automate/checks/pool";
import { createPasswordChanges, createPreparedRuns } from "@/automate/checks/run";
import { workOnce } from "@/automate/password-rotations/loop";
import { findRotation } from "@/automate/password-rotations/rotation";
import { setAtServer } from "@/automate/password-rotations/set-at-server";
import type { RotationDeps } from "@/automate/password-rotations/set-outcome";
import { removeRotation, setRotation } from "@/automate/password-rotations/set-rotation";
import { startPasswordRun } from "@/automate/password-rotations/start-run";
import { workOnNewRun } from "@/automate/password-rotations/work";
import { findDue } from "@/automate/reminders/due";
import { findSecretById } from "@/automate/secrets/usable-secret";
import { authorizeBackground } from "@/lib/access/background";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { type RotationInput, rotationInput } from "@/lib/password-rotations/schema";
import { addTestCandidate } from "@/testing/candidates";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addRotatedConnection, asServerOwner, signsIn } from "@/testing/password-rotations";
import { addTestSecret } from "@/testing/secrets";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { createPostgresLogin, type PostgresLogin } from "@/testing/servers/postgres-login";

const { token, tokenHash } = newPipelineToken();
const workerPath = builtCheckWorker();
const logins: PostgresLogin[] = [];
const rounds = process.env.RUN_LONG ? 30 : 2;
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let pool: CheckPool;
let deps: RotationDeps;
let app: ReturnType<typeof createRuntimeApp>;
let counter = 0;

beforeAll(async () => {
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate, { EGRESS_ALLOW: "127.0.0.0/8,::1/128" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  const { fabricId, admin } = fabric;
  await owner.pipelineToken.create({
    data: { fabricId, name: "nightly", tokenHash, createdById: admin.id, createdByName: admin.name },
  });
  pool = createCheckPool({ workerPath, size: 2 });
  deps = {
    keys: fabric.keys,
    runPrepared: createPreparedRuns({ keys: fabric.keys, pool }),
    changePassword: createPasswordChanges({ keys: fabric.keys, pool }),
    signal: new AbortController().signal,
  };
  app = createRuntimeApp({ keys: fabric.keys, logger: false });
});

afterAll(async () => {
  await app.close();
  pool.close();
  // Roles last: they have rights in each other's databases.
  await asServerOwner(urls.ownerUrl, [
    ...logins.map(({ database }) => `DROP DATABASE ${database} WITH (FORCE)`),
    ...logins.map(({ username }) => `DROP ROLE ${username}`),
  ]);
  await owner.$disconnect();
  await closeDb();
});

async function newLogin(): Promise<PostgresLogin> {
  const login = await createPostgresLogin(urls.ownerUrl);
  logins.push(login);
  return login;
}

function addSecret(id: string, subKind: "text" | "username_password", fields: Record<string, string>) {
  const versions = [{ by: "admin" as const, fields }];
  return addTestSecret(owner, fabric, urls.webUrl, { id, subKind, versions });
}

const base = { length: 24, alphabet: "letters_digits", everyDays: null, window: null } as const;

function set(input: Partial<RotationInput> & { secretId: string; connectionId: string }) {
  const parsed = rotationInput.parse({ method: "own", ...base, ...input });
  return setRotation(fabric.scope("admin", "rotation:write"), parsed);
}

/** A rotation of one's own password, with a Text secret. */
async function ownRotation() {
  counter += 1;
  const id = `own${counter}`;
  const login = await newLogin();
  await addSecret(id, "text", { value: login.password });
  await addRotatedConnection(owner, fabric, { id, secretId: id, login, username: login.username });
  expect(await set({ secretId: id, connectionId: id })).toEqual({ secretId: id });
  return { id, login };
}

/** A rotation of a pair of users by an administrator. */
async function pairRotation() {
  counter += 1;
  const id = `pair${counter}`;
  const [first, second, admin] = [await newLogin(), await newLogin(), await newLogin()];
  await asServerOwner(urls.ownerUrl, [
    `GRANT CONNECT ON DATABASE ${first.database} TO ${second.username}, ${admin.username}`,
    `ALTER ROLE ${admin.username} CREATEROLE`,
    `GRANT ${first.username}, ${second.username} TO ${admin.username} WITH ADMIN OPTION`,
  ]);
  await addSecret(id, "username_password", { username: first.username, password: first.password });
  const { username, password } = admin;
  await addSecret(`${id}_admin`, "username_password", { username, password });
  await addRotatedConnection(owner, fabric, { id, secretId: id, login: first });
  const users = [first.username, second.username];
  const input = {
    secretId: id,
    connectionId: id,
    method: "pair",
    administratorId: `${id}_admin`,
    users,
  } as const;
  return { id, first, second, admin, input: { ...input, users } };
}

async function start(id: string) {
  const scope = await authorizeBackground(fabric.fabricId);
  const rotation = await findRotation(fabric, id);
  if (!scope || !rotation) throw new Error("There is no rotation.");
  return { scope, rotation, started: await startPasswordRun(deps.keys, scope, rotation, fabric.admin) };
}

/** Runs a rotation to its end. Returns its problem, or undefined. */
async function rotate(id: string): Promise<string | undefined> {
  const { scope, rotation, started } = await start(id);
  if (!started.ok) return started.code;
  await workOnNewRun(deps, scope, rotation, started.value);
  return undefined;
}

async function allowAs(by: "user" | "admin", secretId: string, version: number, destination: string) {
  const { id: createdById, name: createdByName } = fabric[by];
  const row = { fabricId: fabric.fabricId, secretId, version, destination, createdById, createdByName };
  await owner.allowedDestination.create({ data: row });
}

/** A person enters the same value again. */
const replaceByHand = (secretId: string) =>
  owner.secretVersion.create({
    data: {
      ...{ secretId, version: 2, fabricId: fabric.fabricId, manifest: { value: 1 }, metadata: {} },
      ...{ createdById: "p", createdByName: "P" },
    },
  });

const lastRun = (secretId: string) =>
  owner.passwordRun.findFirstOrThrow({ where: { secretId }, orderBy: { startedAt: "desc" } });

async function read(name: string): Promise<{ version: number; value: never }> {
  const headers = { authorization: `Bearer ${token}` };
  return (await app.inject({ url: `/v1/secrets/${name}`, headers })).json();
}

/** The sessions of a user at the server; with `waitFor`, only those that wait for it. */
async function sessionsOf({ username }: PostgresLogin, waitFor?: "Lock"): Promise<number | undefined> {
  const rows = await owner.$queryRaw<{ wait: string | null }[]>`
    SELECT wait_event_type AS wait FROM pg_stat_activity WHERE usename = ${username}`;
  return rows.filter(({ wait }) => waitFor === undefined || wait === waitFor).length;
}

/** The lease of a copy of automate that was killed has expired. */
const killed = (secretId: string) =>
  owner.$executeRaw`UPDATE password_run SET holder = 'killed', "leasedUntil" = now() WHERE "secretId" = ${secretId} AND "endedAt" IS NULL`;

describe("one's own password", () => {
  test("is made, set at the server by a verifier, and becomes the current value", async () => {
    const { id, login } = await ownRotation();
    expect(await rotate(id)).toBeUndefined();
    const { version, value } = await read(id);
    expect(version).toBe(2);
    expect(value).toMatch(/^[A-Za-z0-9]{24}$/);
    expect(await signsIn(login, login.username, value)).toBe(true);
    expect(await signsIn(login, login.username, login.password)).toBe(false);
    const run = await lastRun(id);
    expect(run).toMatchObject({ state: "done", serverHas: "new", version: 2, code: null, refusedBy: [] });
    expect(Number(run.promotedAt) - Number(run.wasSetAt)).toBeLessThan(5_000);
    // It goes where the former value went, and its author is nobody who could send it elsewhere.
    const allowed = await owner.allowedDestination.findMany({
      where: { secretId: id },
      orderBy: { version: "asc" },
      select: { version: true, createdAt: true },
    });
    const since = allowed[0]?.createdAt;
    expect(allowed).toEqual([1, 2].map((version) => ({ version, createdAt: since })));
    expect(await owner.secretVersion.findFirst({ where: { secretId: id, version: 2 } })).toMatchObject({
      createdById: "automate",
    });
    const events = await owner.auditEvent.findMany({ where: { objectId: id }, orderBy: { id: "asc" } });
    expect(events.map(({ action }) => action)).toEqual([
      "secret.rotation.set",
      "secret.rotation.start",
      "secret.use",
      "secret.promote",
      "secret.use",
      "connection.check",
      "secret.rotation.end",
      "secret.use",
    ]);
    expect(JSON.stringify(events)).not.toContain(value);
  });

  test("stays the former one when the server refuses, and the run says so", async () => {
    const { id, login } = await ownRotation();
    await asServerOwner(urls.ownerUrl, [`ALTER ROLE ${login.username} PASSWORD 'changed-by-hand'`]);
    await rotate(id);
    expect(await lastRun(id)).toMatchObject({
      state: "failed",
      serverHas: "former",
      code: "rejected_credentials",
    });
    expect(await signsIn(login, login.username, "changed-by-hand")).toBe(true);
    expect(await read(id)).toMatchObject({ version: 1, value: login.password });
    // The new value is gone: nobody needs it.
    expect(await owner.secretField.count({ where: { secretId: id, version: { lt: 0 } } })).toBe(0);
  });

  test("wins over a value that a person enters in between: the server no longer accepts another one", async () => {
    const { id, login } = await ownRotation();
    const { scope, started } = await start(id);
    if (!started.ok) throw new Error(started.code);
    await setAtServer(deps, scope, started.value);
    await replaceByHand(id);
    await killed(id);
    await workOnce(deps);
    const { version, value } = await read(id);
    expect(version).toBe(3);
    expect(await signsIn(login, login.username, value)).toBe(true);
  });
});

describe("a value that the server may have", () => {
  test("is not deleted while its run goes on: not discarded, not expired, and not replaced", async () => {
    const { id, login } = await ownRotation();
    const { scope, started } = await start(id);
    if (!started.ok) throw new Error(started.code);
    await setAtServer(deps, scope, started.value);
    const candidate = { secretId: id, number: started.value.run.candidate };
    expect(await discardCandidate(fabric.scope("user", "secret:write"), candidate)).toBe("rotating");
    await owner.secretCandidate.updateMany({ where: { secretId: id }, data: { expiresAt: new Date() } });
    await replaceByHand(id);
    await expireCandidates();
    await killed(id);
    await workOnce(deps);
    expect(await lastRun(id)).toMatchObject({ state: "done", serverHas: "new" });
    const { version, value } = await read(id);
    expect([version, await signsIn(login, login.username, value)]).toEqual([3, true]);
  });

  test("stays for a day after a run that could not find out which password the server has", async () => {
    const { id, login } = await ownRotation();
    expect((await start(id)).started).toMatchObject({ ok: true });
    await asServerOwner(urls.ownerUrl, [`ALTER ROLE ${login.username} PASSWORD 'changed-by-hand'`]);
    await owner.$executeRaw`
      UPDATE secret_candidate SET "expiresAt" = now() + interval '1 minute' WHERE "secretId" = ${id}`;
    await replaceByHand(id);
    const { id: _, ...allowed } = await owner.allowedDestination.findFirstOrThrow({
      where: { secretId: id, version: 1 },
    });
    await owner.allowedDestination.create({ data: { ...allowed, version: 2 } });
    await killed(id);
    await workOnce(deps);
    expect(await lastRun(id)).toMatchObject({ state: "failed", serverHas: "unknown" });
    await expireCandidates();
    const stored = await owner.secretCandidate.findFirstOrThrow({ where: { secretId: id } });
    expect(stored).toMatchObject({ outcome: null, baseVersion: 2 });
    expect((Number(stored.expiresAt) - Date.now()) / 3_600_000).toBeCloseTo(24, 1);
  });
});

describe.runIf(process.env.RUN_LONG)("a copy of automate that is killed", () => {
  test("before the password is set leaves the former one, on both sides", async () => {
    const { id, login } = await ownRotation();
    expect((await start(id)).started).toMatchObject({ ok: true });
    await killed(id);
    await workOnce(deps);
    expect(await lastRun(id)).toMatchObject({ state: "failed", serverHas: "former" });
    expect(await read(id)).toMatchObject({ version: 1, value: login.password });
    expect(await signsIn(login, login.username, login.password)).toBe(true);
  });

  test("after the password is set leaves the new one, on both sides", async () => {
    const { id, login } = await ownRotation();
    const { scope, started } = await start(id);
    if (!started.ok) throw new Error(started.code);
    await setAtServer(deps, scope, started.value);
    await killed(id);
    await workOnce(deps);
    expect(await lastRun(id)).toMatchObject({ state: "done", serverHas: "new" });
    const { version, value } = await read(id);
    expect([version, await signsIn(login, login.username, value)]).toEqual([2, true]);
  });

  test.each(["set", "promoted"] as const)(
    "in the state %s is continued by another copy, once",
    async (state) => {
      const { id, login } = await ownRotation();
      await rotate(id);
      const { value } = await read(id);
      // As the killed copy left it: the row is behind what happened.
      const behind = state === "set" ? { state, version: null, promotedAt: null } : { state };
      await owner.passwordRun.updateMany({ where: { secretId: id }, data: { ...behind, endedAt: null } });
      await killed(id);
      await Promise.all([workOnce(deps), workOnce(deps)]);
      expect(await lastRun(id)).toMatchObject({ state: "done", serverHas: "new", version: 2 });
      expect(await read(id)).toMatchObject({ version: 2, value });
      expect(await signsIn(login, login.username, value)).toBe(true);
    },
  );

  test("while the statement waits at the server leaves it to the next copy to ask which password it has", async () => {
    const { id, login } = await ownRotation();
    const { scope, rotation, started } = await start(id);
    if (!started.ok) throw new Error(started.code);
    const cut = new AbortController();
    const other = new pg.Client({ connectionString: urls.ownerUrl });
    await other.connect();
    await other.query("BEGIN");
    // The statement of the rotation waits for this row.
    await other.query(`ALTER ROLE ${login.username} CONNECTION LIMIT 50`);
    const work = workOnNewRun({ ...deps, signal: cut.signal }, scope, rotation, started.value);
    await expect.poll(() => sessionsOf(login, "Lock")).toBe(1);
    cut.abort();
    await work;
    expect(await lastRun(id)).toMatchObject({ state: "setting", serverHas: "unknown", code: "cancelled" });
    await other.query("ROLLBACK");
    await other.end();
    await expect.poll(() => sessionsOf(login)).toBe(0);
    await killed(id);
    await workOnce(deps);
    const run = await lastRun(id);
    const { value } = await read(id);
    expect(run.endedAt).not.toBeNull();
    expect(run.serverHas).not.toBe("unknown");
    expect(await signsIn(login, login.username, value)).toBe(true);
  });
});

describe("a pair of users", () => {
  test("takes turns, and the former user keeps its password for the overlap", async () => {
    const { id, first, second, input } = await pairRotation();
    const shown = await set(input);
    expect(shown).toEqual({
      problem: "destination_unconfirmed",
      destinations: [`postgres://${first.server}:${first.port}?tls=disable`],
    });
    const shownDestinations = "problem" in shown ? shown.destinations : [];
    expect(await set({ ...input, shownDestinations, overlapMinutes: 60 })).toEqual({ secretId: id });
    expect(await rotate(id)).toBeUndefined();
    const now = await read(id);
    expect(now).toMatchObject({ version: 2, value: { username: second.username } });
    const { password } = now.value as { password: string };
    expect(await signsIn(first, second.username, password)).toBe(true);
    expect(await signsIn(first, first.username, first.password)).toBe(true);

    expect(await rotate(id)).toBe("too_early");
    await owner.$executeRaw`UPDATE password_run SET "promotedAt" = now() - interval '61 minutes' WHERE "secretId" = ${id}`;
    expect(await rotate(id)).toBeUndefined();
    const next = (await read(id)).value as { username: string; password: string };
    expect(next.username).toBe(first.username);
    expect(await signsIn(first, first.username, next.password)).toBe(true);
    expect(await signsIn(first, first.username, first.password)).toBe(false);
    expect(await signsIn(first, second.username, password)).toBe(true);
  });

  test(`loses no sign-in of pipelines that keep a value for half a second, in ${rounds} rotations`, async () => {
    const { id, first, input } = await pairRotation();
    const shownDestinations = [`postgres://${first.server}:${first.port}?tls=disable`];
    await set({ ...input, shownDestinations, overlapMinutes: 1 });
    let isOver = false;
    const counts = { signedIn: 0, refused: 0 };
    const pipeline = async () => {
      while (!isOver) {
        const { username, password } = (await read(id)).value as { username: string; password: string };
        for (const until = Date.now() + 500; Date.now() < until && !isOver; ) {
          const isIn = await signsIn(first, username, password);
          counts[isIn ? "signedIn" : "refused"] += 1;
        }
      }
    };
    const pipelines = [pipeline(), pipeline(), pipeline()];
    for (let round = 0; round < rounds; round += 1) {
      expect(await rotate(id)).toBeUndefined();
      expect(await lastRun(id)).toMatchObject({ state: "done" });
      // The overlap has passed, and with it the half second.
      await owner.$executeRaw`UPDATE password_run SET "promotedAt" = now() - interval '61 seconds' WHERE "secretId" = ${id}`;
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
    isOver = true;
    await Promise.all(pipelines);
    expect(counts.refused).toBe(0);
    expect(counts.signedIn).toBeGreaterThan(rounds * 10);
  });

  test("is not promoted when a connection refuses the new value, and nothing is broken", async () => {
    const { id, first, second, input } = await pairRotation();
    const shownDestinations = [`postgres://${first.server}:${first.port}?tls=disable`];
    await set({ ...input, shownDestinations });
    // Only the first user may connect to it.
    const closed = { ...second, database: (await newLogin()).database };
    await asServerOwner(urls.ownerUrl, [`GRANT CONNECT ON DATABASE ${closed.database} TO ${first.username}`]);
    await addRotatedConnection(owner, fabric, { id: `${id} closed`, secretId: id, login: closed });
    await rotate(id);
    expect(await lastRun(id)).toMatchObject({
      state: "failed",
      serverHas: "new",
      refusedBy: [`${id} closed`],
      version: null,
    });
    expect(await read(id)).toMatchObject({
      version: 1,
      value: { username: first.username, password: first.password },
    });
    expect(await signsIn(first, first.username, first.password)).toBe(true);
    expect(await owner.secretField.count({ where: { secretId: id, version: { lt: 0 } } })).toBe(0);
  });

  test.runIf(process.env.RUN_LONG)(
    "is continued where a stopping copy left it: a check that it broke off is no refusal",
    async () => {
      const { id, first, second, input } = await pairRotation();
      const shownDestinations = [`postgres://${first.server}:${first.port}?tls=disable`];
      await set({ ...input, shownDestinations });
      const { scope, rotation, started } = await start(id);
      if (!started.ok) throw new Error(started.code);
      const stopping = new AbortController();
      const runPrepared: RotationDeps["runPrepared"] = (run) => {
        stopping.abort();
        return deps.runPrepared(run);
      };
      await workOnNewRun({ ...deps, runPrepared, signal: stopping.signal }, scope, rotation, started.value);
      expect(await lastRun(id)).toMatchObject({ state: "set", serverHas: "new", endedAt: null });
      expect(await read(id)).toMatchObject({ version: 1 });
      await killed(id);
      await workOnce(deps);
      expect(await lastRun(id)).toMatchObject({ state: "done", user: second.username, version: 2 });
    },
  );

  test("sends no new password to a server that a colleague allowed for a value of their own", async () => {
    const { id, first, input } = await pairRotation();
    const shownDestinations = [`postgres://${first.server}:${first.port}?tls=disable`];
    const others = "postgres://others.example.com:5432?tls=verify-full";
    await allowAs("user", id, 1, others);
    await set({ ...input, shownDestinations });
    // The user of the pair that is in use, with any password: all of the value is the colleague's.
    const secret = await findSecretById(fabric, id);
    if (!secret) throw new Error("Gone.");
    const fields = { username: first.username, password: "anything" };
    const entered = { by: "user" as const, fields };
    const { version } = await addTestCandidate(owner, fabric, urls.webUrl, secret, entered);
    const scope = fabric.scope("user", "secret:write");
    await promoteCandidate(scope, { secretId: id, number: -version, accepted: [id] });
    await allowAs("user", id, 2, "postgres://evil.example.com:5432?tls=disable");
    expect(await rotate(id)).toBeUndefined();
    expect(await lastRun(id)).toMatchObject({ state: "done", version: 3 });
    const allowed = await owner.allowedDestination.findMany({ where: { secretId: id, version: 3 } });
    // The Admin who set up the rotation saw the others.
    expect(allowed.map(({ destination }) => destination).sort()).toEqual(
      [shownDestinations[0], others].sort(),
    );
  });

  test("stops, and says why, when a connection's destination was allowed by a colleague alone", async () => {
    const { id, first, input } = await pairRotation();
    const shownDestinations = [`postgres://${first.server}:${first.port}?tls=disable`];
    await set({ ...input, shownDestinations });
    const login = { ...first, server: "localhost" };
    await addRotatedConnection(owner, fabric, { id: `${id} theirs`, secretId: id, login });
    const destination = `postgres://localhost:${first.port}?tls=disable`;
    await owner.allowedDestination.updateMany({
      where: { secretId: id, destination },
      data: { createdById: fabric.user.id },
    });
    // As if the User had entered the value.
    await owner.secretVersion.updateMany({ where: { secretId: id }, data: { createdById: fabric.user.id } });
    await rotate(id);
    const code = "destination_not_allowed";
    expect(await lastRun(id)).toMatchObject({ state: "failed", code, refusedBy: [`${id} theirs`] });
    // An Admin who sets it up again sees where the value goes.
    await set({ ...input, shownDestinations });
    expect(await rotate(id)).toBeUndefined();
    expect(await lastRun(id)).toMatchObject({ state: "done" });
  });

  test("begins only with one of its users in the secret", async () => {
    const { id, first, second, admin, input } = await pairRotation();
    const shownDestinations = [`postgres://${first.server}:${first.port}?tls=disable`];
    await set({ ...input, users: [second.username, admin.username], shownDestinations });
    expect(await rotate(id)).toBe("user_not_in_pair");
    expect(await owner.passwordRun.count({ where: { secretId: id } })).toBe(0);
  });
});

describe("setting up a rotation", () => {
  test("names what does not fit, before anything happens at a server", async () => {
    const { id, first, input } = await pairRotation();
    const { id: text } = await ownRotation();
    const pair = { ...input, secretId: text, connectionId: text };
    expect(await set(pair)).toEqual({ problem: "needs_user" });
    expect(await set({ ...input, administratorId: text })).toEqual({ problem: "administrator_unfit" });
    expect(await set({ ...input, administratorId: id })).toEqual({ problem: "administrator_unfit" });
    expect(await set({ ...input, users: [first.username, "x;y"] })).toEqual({ problem: "user_unfit" });
    expect(await set({ ...input, connectionId: text })).toEqual({ problem: "not_used" });
    await expect(set({ ...input, secretId: "none" })).rejects.toThrow("Secret not found.");
    // A verifier in clear, and a later sign-in in clear, together let an eavesdropper sign in.
    const settings = (server: string) => ({ server, port: "5432", database: "d", tlsMode: "disable" });
    await owner.connection.update({ where: { id }, data: { properties: settings("db.example.com") } });
    expect(await set(input)).toEqual({ problem: "unencrypted" });
    expect(await owner.passwordRotation.count({ where: { secretId: id } })).toBe(0);
  });

  test("waits for a delete of the administrator’s secret, and then does not take it", async () => {
    const { id, first, input } = await pairRotation();
    const shownDestinations = [`postgres://${first.server}:${first.port}?tls=disable`];
    expect(await set(input)).toMatchObject({ problem: "destination_unconfirmed" });
    let setting: ReturnType<typeof set> | undefined;
    await owner.$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT FROM secret WHERE id = ${`${id}_admin`} FOR UPDATE`;
        setting = set({ ...input, shownDestinations });
        const waits = async () =>
          (
            await owner.$queryRaw<unknown[]>`
          SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR SHARE%'
            AND datname = current_database()`
          ).length;
        await expect.poll(waits, { timeout: 20_000 }).toBe(1);
        await tx.secret.update({ where: { id: `${id}_admin` }, data: { deletedAt: new Date() } });
      },
      { timeout: 30_000 },
    );
    expect(await setting).toEqual({ problem: "administrator_unfit" });
    expect(await owner.passwordRotation.count({ where: { secretId: id } })).toBe(0);
  });

  test("waits while a run has not ended", async () => {
    const { id } = await ownRotation();
    await start(id);
    expect(await set({ secretId: id, connectionId: id })).toEqual({ problem: "running" });
    // An Admin of another fabric does not learn even that.
    const other = await createTestFabric(owner, "other");
    const removed = removeRotation(other.scope("admin", "rotation:run"), id);
    await expect(removed).rejects.toThrow("Rotation not found.");
    expect((await start(id)).started).toMatchObject({ ok: false, code: "running" });
    await killed(id);
    await workOnce(deps);
  });
});

const dueNow = (id: string) =>
  owner.$executeRaw`UPDATE password_rotation SET "dueAt" = now() - interval '1 second' WHERE "secretId" = ${id}`;

async function hoursToNext(id: string): Promise<number> {
  const { dueAt } = await owner.passwordRotation.findUniqueOrThrow({ where: { secretId: id } });
  return (Number(dueAt) - Date.now()) / 3_600_000;
}

test("a rotation that cannot begin is tried after one hour, two and four", async () => {
  const { id } = await ownRotation();
  await set({ secretId: id, connectionId: id, everyDays: 30 });
  const secret = await findSecretById(fabric, id);
  if (!secret) throw new Error("There is no secret.");
  // A rotation needs the place of a waiting new value.
  await addTestCandidate(owner, fabric, urls.webUrl, secret, { by: "user", fields: { value: "waiting" } });
  for (const hours of [1, 2, 4]) {
    await dueNow(id);
    await workOnce(deps);
    expect(await hoursToNext(id)).toBeCloseTo(hours, 1);
  }
  expect(await owner.passwordRotation.findUnique({ where: { secretId: id } })).toMatchObject({
    failures: 3,
    problem: "candidate_waiting",
  });
});

test("a rotation that is due while it runs is no failure", async () => {
  const { id } = await ownRotation();
  await set({ secretId: id, connectionId: id, everyDays: 30 });
  await start(id);
  await dueNow(id);
  await workOnce(deps);
  expect(await owner.passwordRotation.findUnique({ where: { secretId: id } })).toMatchObject({
    failures: 0,
    failingSince: null,
    problem: null,
  });
  await killed(id);
  await workOnce(deps);
});

test("the schedule starts a due rotation, one copy of two, and a failure postpones the next", async () => {
  const { id, login } = await ownRotation();
  await set({ secretId: id, connectionId: id, everyDays: 30 });
  await dueNow(id);
  await Promise.all([workOnce(deps), workOnce(deps)]);
  expect(await owner.passwordRun.count({ where: { secretId: id } })).toBe(1);
  expect((await hoursToNext(id)) / 24).toBeCloseTo(30, 1);
  await asServerOwner(urls.ownerUrl, [`ALTER ROLE ${login.username} PASSWORD 'by-hand'`]);
  await dueNow(id);
  await workOnce(deps);
  expect(await lastRun(id)).toMatchObject({ state: "failed", serverHas: "former" });
  expect(await hoursToNext(id)).toBeCloseTo(1, 1);
  // The owner is reminded until it works again.
  const due = await findDue(owner, new Date(), [id]);
  expect(due).toMatchObject([{ topic: "password.fails", name: id, ownerId: fabric.user.id, days: 0 }]);
  await asServerOwner(urls.ownerUrl, [`ALTER ROLE ${login.username} PASSWORD '${(await read(id)).value}'`]);
  expect(await rotate(id)).toBeUndefined();
  expect(await findDue(owner, new Date(), [id])).toEqual([]);
});
