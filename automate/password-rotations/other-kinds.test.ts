import { createPublicKey, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCheckPool } from "@/automate/checks/pool";
import { createPasswordChanges, createPreparedRuns } from "@/automate/checks/run";
import { workOnce } from "@/automate/password-rotations/loop";
import { findRotation } from "@/automate/password-rotations/rotation";
import { setAtServer } from "@/automate/password-rotations/set-at-server";
import type { RotationDeps } from "@/automate/password-rotations/set-outcome";
import { setRotation } from "@/automate/password-rotations/set-rotation";
import { startPasswordRun } from "@/automate/password-rotations/start-run";
import { workOnNewRun } from "@/automate/password-rotations/work";
import { createAuthority } from "@/launcher/certificates.mjs";
import { authorizeBackground } from "@/lib/access/background";
import { configHash } from "@/lib/connections/config-hash";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { type RotationInput, rotationInput } from "@/lib/password-rotations/schema";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";
import { builtRoutedCheckWorker } from "@/testing/servers/built-worker";
import { startOracleServer } from "@/testing/servers/oracle-server";
import {
  createKey,
  fingerprintOf,
  snowflakeProperties,
  startSnowflake,
  testSnowflakeHost,
} from "@/testing/servers/snowflake-server";
import { startTdsServer } from "@/testing/servers/tds-server";

/* Whole rotations against servers on loopback that follow the vendors' documents. */
const worker = builtRoutedCheckWorker();
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let deps: RotationDeps;
let pool: ReturnType<typeof createCheckPool>;

beforeAll(async () => {
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate, { EGRESS_ALLOW: "127.0.0.0/8,::1/128" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  pool = createCheckPool({ workerPath: worker.path, size: 1 });
  deps = {
    keys: fabric.keys,
    runPrepared: createPreparedRuns({ keys: fabric.keys, pool }),
    changePassword: createPasswordChanges({ keys: fabric.keys, pool }),
    signal: new AbortController().signal,
  };
});

afterAll(async () => {
  pool.close();
  await owner.$disconnect();
  await closeDb();
});

type Connection = { kind: string; field: string; properties: object; value: string; destination: string };

/** A connection that uses a secret, and whose last check passed. */
async function addConnection(
  id: string,
  secretId: string,
  { kind, field, properties }: Pick<Connection, "kind" | "field" | "properties">,
) {
  const { fabricId, admin } = fabric;
  const by = { createdById: admin.id, createdByName: admin.name };
  const hash = configHash(kind, { ...properties, [field]: secretId });
  await owner.connection.create({
    data: {
      ...{ id, fabricId, name: id, nameKey: id, kind, properties, configHash: hash },
      ...{ ...by, updatedById: admin.id, updatedByName: admin.name },
    },
  });
  await owner.connectionSecret.create({ data: { connectionId: id, field, secretId, fabricId } });
  await owner.connectionCheck.create({
    data: { fabricId, configHash: hash, ok: true, durationMs: 1, actorId: admin.id, actorName: admin.name },
  });
}

/** A connection and its Text secret, both with the kind's name, which may be sent there. */
async function add({ value, destination, ...connection }: Connection) {
  const { fabricId, admin } = fabric;
  const id = connection.kind;
  const versions = [{ by: "admin" as const, fields: { value } }];
  await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "text", versions });
  await addConnection(id, id, connection);
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.allowedDestination.create({ data: { fabricId, secretId: id, version: 1, destination, ...by } });
}

function set(id: string, input: Partial<RotationInput> = {}) {
  const rules = { length: 30, alphabet: "symbols", everyDays: null, window: null };
  const parsed = rotationInput.parse({ secretId: id, connectionId: id, method: "own", ...rules, ...input });
  return setRotation(fabric.scope("admin", "rotation:write"), parsed);
}

async function start(id: string) {
  const scope = await authorizeBackground(fabric.fabricId);
  const rotation = await findRotation(fabric, id);
  if (!scope || !rotation) throw new Error("There is no rotation.");
  return { scope, rotation, started: await startPasswordRun(deps.keys, scope, rotation, fabric.admin) };
}

/** Runs a rotation to its end. Returns the new value, or the problem. */
async function rotate(id: string): Promise<string> {
  const { scope, rotation, started } = await start(id);
  if (!started.ok) return started.code;
  await workOnNewRun(deps, scope, rotation, started.value);
  return started.value.password;
}

const lastRun = (secretId: string) =>
  owner.passwordRun.findFirstOrThrow({ where: { secretId }, orderBy: { startedAt: "desc" } });

describe("one's own password", () => {
  test("is rotated at SQL Server", async () => {
    const options = {
      ...{ username: "etl", password: "first-etl", databases: ["master", ""] },
      onBatch: (statement: string) => {
        const [, next, former] = /^ALTER LOGIN \[etl\].* N'(.+)' .* N'(.+)'$/.exec(statement) ?? [];
        if (next !== undefined && former === options.password) options.password = next;
        return undefined;
      },
    };
    const server = await startTdsServer(options);
    const properties = {
      server: "localhost",
      port: String(server.port),
      username: "etl",
      tlsMode: "disable",
    };
    const destination = `tds://localhost:${server.port}?tls=disable`;
    await add({ kind: "mssql", field: "password", properties, value: "first-etl", destination });
    expect(await set("mssql")).toEqual({ secretId: "mssql" });
    expect(await rotate("mssql")).toBe(options.password);
    expect(await lastRun("mssql")).toMatchObject({
      state: "done",
      serverHas: "new",
      version: 2,
      refusedBy: [],
    });
    await server.close();
  });

  test("is rotated at Oracle, which takes 30 characters", async () => {
    const options = {
      ...{ username: "etl", password: "first-etl", name: "SERVICE_NAME=sales" },
      onAlter: (statement: string) => {
        const [, next, former] =
          /^ALTER USER "ETL" IDENTIFIED BY "(.+)" REPLACE "(.+)"$/.exec(statement) ?? [];
        if (next !== undefined && former === options.password) options.password = next;
      },
    };
    const server = await startOracleServer(options);
    const where = { server: "localhost", port: String(server.port), username: "etl", database: "sales" };
    const properties = { ...where, tlsMode: "disable" };
    const destination = `oracle://localhost:${server.port}?tls=disable`;
    await add({ kind: "oracle", field: "password", properties, value: "first-etl", destination });
    expect(await set("oracle", { length: 31 })).toEqual({ problem: "length_unfit" });
    expect(await set("oracle")).toEqual({ secretId: "oracle" });
    expect(await rotate("oracle")).toBe(options.password);
    expect(await lastRun("oracle")).toMatchObject({
      state: "done",
      serverHas: "new",
      version: 2,
      refusedBy: [],
    });
    await server.close();
  });
});

describe("the key pair of a Snowflake user", () => {
  const slots: Record<string, KeyObject | null> = { RSA_PUBLIC_KEY: null, RSA_PUBLIC_KEY_2: null };
  const keys: KeyObject[] = [];
  const hasKey = (pem: string) =>
    keys.some((key) => fingerprintOf(key) === fingerprintOf(createPublicKey(pem)));
  const first = createKey();
  let service: Awaited<ReturnType<typeof startSnowflake>>;

  function put(slot: string, key: KeyObject) {
    slots[slot] = key;
    keys.splice(0, keys.length, ...Object.values(slots).filter((one) => one !== null));
  }

  function onStatement(statement: string) {
    const [, slot = "", key = ""] = /^ALTER USER "ETL" SET (\w+) = '(.+)'$/.exec(statement) ?? [];
    if (slot) put(slot, createPublicKey({ key: Buffer.from(key, "base64"), type: "spki", format: "der" }));
    if (/CURRENT_ROLE/.test(statement)) return undefined;
    const shown = Object.entries(slots).map(([name, one]) => [`${name}_FP`, one ? fingerprintOf(one) : null]);
    const data = statement.startsWith("DESCRIBE") ? shown : [["ETL"]];
    return { status: 200, body: { data } };
  }

  beforeAll(async () => {
    const authority = await createAuthority("Selvage test authority");
    put("RSA_PUBLIC_KEY", createPublicKey(first));
    service = await startSnowflake(authority, {}, { keys, onStatement });
    writeFileSync(
      worker.routesFile,
      JSON.stringify({ routes: service.routes, authorities: [authority.cert] }),
    );
    const properties = { ...snowflakeProperties, authType: "key_pair" };
    const destination = `https://${testSnowflakeHost}:443`;
    await add({ kind: "snowflake", field: "privateKey", properties, value: first, destination });
  });
  afterAll(() => service.close());

  test("is set up only as one", async () => {
    expect(await set("snowflake", { method: "own" })).toEqual({ problem: "kind_unfit" });
    expect(await set("mssql", { method: "key_pair" })).toEqual({ problem: "kind_unfit" });
    expect(await set("snowflake", { method: "key_pair", overlapMinutes: 60 })).toEqual({
      secretId: "snowflake",
    });
  });

  test("takes turns in the two slots, and the former key works for the overlap", async () => {
    const second = await rotate("snowflake");
    expect(second).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(await lastRun("snowflake")).toMatchObject({
      state: "done",
      serverHas: "new",
      user: "etl",
      version: 2,
    });
    expect([hasKey(first), hasKey(second)]).toEqual([true, true]);
    expect(await rotate("snowflake")).toBe("too_early");
    await owner.$executeRaw`UPDATE password_run SET "promotedAt" = now() - interval '61 minutes'`;
    const third = await rotate("snowflake");
    expect(await lastRun("snowflake")).toMatchObject({ state: "done", version: 3 });
    expect([hasKey(first), hasKey(second), hasKey(third)]).toEqual([false, true, true]);
    await owner.$executeRaw`UPDATE password_run SET "promotedAt" = now() - interval '61 minutes'`;
  });

  test.each([
    ["before", "failed", "former"],
    ["after", "done", "new"],
  ])("is known when a copy of automate is killed %s it is set", async (when, state, serverHas) => {
    const { version } =
      (await owner.passwordRun.findFirst({ where: { state: "done" }, orderBy: { version: "desc" } })) ?? {};
    const { scope, started } = await start("snowflake");
    if (!started.ok) throw new Error(started.code);
    if (when === "after") await setAtServer(deps, scope, started.value);
    await owner.$executeRaw`UPDATE password_run SET holder = 'killed', "leasedUntil" = now() WHERE "endedAt" IS NULL`;
    await workOnce(deps);
    expect(await lastRun("snowflake")).toMatchObject({ state, serverHas });
    expect(hasKey(started.value.password)).toBe(when === "after");
    const newest = await owner.secretVersion.aggregate({
      where: { secretId: "snowflake" },
      _max: { version: true },
    });
    expect(newest._max.version).toBe((version ?? 0) + (when === "after" ? 1 : 0));
  });

  test("is not current when a connection refuses it, and both keys of before work", async () => {
    await owner.$executeRaw`UPDATE password_run SET "promotedAt" = now() - interval '61 minutes'`;
    const current = await owner.secretVersion.aggregate({
      where: { secretId: "snowflake" },
      _max: { version: true },
    });
    // Only the user of the first connection has the keys.
    const properties = { ...snowflakeProperties, authType: "key_pair", username: "other" };
    await addConnection("other", "snowflake", { kind: "snowflake", field: "privateKey", properties });
    const refused = await rotate("snowflake");
    expect(await lastRun("snowflake")).toMatchObject({
      ...{ state: "failed", serverHas: "new", user: "etl", refusedBy: ["other"] },
      version: null,
    });
    expect([keys.length, hasKey(refused)]).toEqual([2, true]);
    const after = await owner.secretVersion.aggregate({
      where: { secretId: "snowflake" },
      _max: { version: true },
    });
    expect(after).toEqual(current);
  });
});
