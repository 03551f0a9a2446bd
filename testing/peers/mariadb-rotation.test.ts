import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCheckPool } from "@/automate/checks/pool";
import { createPasswordChanges, createPreparedRuns } from "@/automate/checks/run";
import { workOnce } from "@/automate/password-rotations/loop";
import { nativeHash } from "@/automate/password-rotations/new-password";
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
import { startMariaDb } from "@/testing/peers/mariadb-server";
import { serverFolder } from "@/testing/peers/real-server";
import { addTestSecret } from "@/testing/secrets";
import { builtCheckWorker } from "@/testing/servers/built-worker";

const workerPath = builtCheckWorker();
let folder: Awaited<ReturnType<typeof serverFolder>>;
let server: Awaited<ReturnType<typeof startMariaDb>>;
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;
let deps: RotationDeps;
let pool: ReturnType<typeof createCheckPool>;
let log: string;

beforeAll(async () => {
  folder = await serverFolder("mariadb-rotation");
  const file = (name: string) => join(folder.path, name);
  const { cert, key } = await (await createAuthority("Selvage test authority")).issue({
    names: ["localhost"],
  });
  await writeFile(file("server.crt"), cert);
  await writeFile(file("server.key"), key);
  log = file("general.log");
  server = await startMariaDb(
    folder.path,
    [
      `--ssl-cert=${file("server.crt")}`,
      `--ssl-key=${file("server.key")}`,
      "--general-log=1",
      `--general-log-file=${log}`,
    ],
    "Install MariaDB: apt-get install mariadb-server.",
  );
  await server.asOwner([
    "CREATE DATABASE sales",
    ...["etl", "alone", "left", "right", "two"].map(
      (user) => `CREATE USER '${user}'@'%' IDENTIFIED BY 'first-${user}'`,
    ),
    "CREATE USER two@localhost IDENTIFIED BY 'first-two'",
    ...["etl", "alone", "left", "right", "two"].map((user) => `GRANT SELECT ON sales.* TO '${user}'@'%'`),
    "CREATE USER boss@'%' IDENTIFIED BY 'first-boss'",
    "GRANT SELECT ON sales.* TO boss@'%'",
    "GRANT CREATE USER ON *.* TO boss@'%'",
    "GRANT SELECT, UPDATE ON mysql.* TO boss@'%'",
  ]);
  const keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  Object.assign(process.env, keys.web, keys.automate, { EGRESS_ALLOW: "127.0.0.0/8,::1/128" });
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
  pool = createCheckPool({ workerPath, size: 1 });
  deps = {
    keys: fabric.keys,
    runPrepared: createPreparedRuns({ keys: fabric.keys, pool }),
    changePassword: createPasswordChanges({ keys: fabric.keys, pool }),
    signal: new AbortController().signal,
  };
});

afterAll(async () => {
  pool?.close();
  await owner?.$disconnect();
  await closeDb();
  await server?.stop();
  await folder?.remove();
});

async function addConnection(id: string, fields: { username: string; password: string }) {
  const { fabricId, admin } = fabric;
  const versions = [{ by: "admin" as const, fields }];
  await addTestSecret(owner, fabric, urls.webUrl, { id, subKind: "username_password", versions });
  const properties = {
    server: "localhost",
    port: String(server.port),
    database: "sales",
    tlsMode: "require",
  };
  const by = { createdById: admin.id, createdByName: admin.name };
  await owner.connection.create({
    data: {
      ...{ id, fabricId, name: id, nameKey: id, kind: "mysql", properties },
      configHash: configHash("mysql", { ...properties, password: id }),
      ...{ ...by, updatedById: admin.id, updatedByName: admin.name },
    },
  });
  await owner.connectionSecret.create({
    data: { connectionId: id, field: "password", secretId: id, fabricId },
  });
  const destination = `mysql://localhost:${server.port}?tls=require`;
  await owner.allowedDestination.create({ data: { fabricId, secretId: id, version: 1, destination, ...by } });
  return destination;
}

function set(input: Partial<RotationInput> & { secretId: string }) {
  const rules = { length: 30, alphabet: "symbols", everyDays: null, window: null };
  const parsed = rotationInput.parse({ connectionId: input.secretId, method: "own", ...rules, ...input });
  return setRotation(fabric.scope("admin", "rotation:write"), parsed);
}

async function begin(id: string) {
  const scope = await authorizeBackground(fabric.fabricId);
  const rotation = await findRotation(fabric, id);
  if (!scope || !rotation) throw new Error("There is no rotation.");
  const started = await startPasswordRun(deps.keys, scope, rotation, fabric.admin);
  if (!started.ok) throw new Error(started.code);
  return { scope, rotation, started: started.value };
}

async function signsIn(user: string, password: string): Promise<boolean> {
  const options = { host: "127.0.0.1", port: server.port, user, password, database: "sales" };
  return mysql.createConnection(options).then(
    async (connection) => {
      await connection.end();
      return true;
    },
    () => false,
  );
}

const lastRun = (secretId: string) =>
  owner.passwordRun.findFirstOrThrow({ where: { secretId }, orderBy: { startedAt: "desc" } });

test("a MariaDB user changes its own password, of which the server's log has only the hash", async () => {
  await addConnection("etl", { username: "etl", password: "first-etl" });
  expect(await set({ secretId: "etl" })).toEqual({ secretId: "etl" });
  const { scope, rotation, started } = await begin("etl");
  await workOnNewRun(deps, scope, rotation, started);
  expect(await lastRun("etl")).toMatchObject({ state: "done", serverHas: "new", version: 2 });
  expect(await signsIn("etl", started.password)).toBe(true);
  expect(await signsIn("etl", "first-etl")).toBe(false);
  const { readFile } = await import("node:fs/promises");
  const logged = await readFile(log, "utf8");
  expect(logged).toContain(nativeHash(started.password));
  expect(logged).not.toContain(started.password);
});

describe("a copy of automate that is killed", () => {
  test.each(["before", "after"])(
    "%s MariaDB has the password leaves one password on both sides",
    async (when) => {
      const id = when === "before" ? "alone" : "etl";
      if (id === "alone") await addConnection(id, { username: "alone", password: "first-alone" });
      await set({ secretId: id });
      const { scope, started } = await begin(id);
      if (when === "after") await setAtServer(deps, scope, started);
      await owner.$executeRaw`UPDATE password_run SET holder = 'killed', "leasedUntil" = now() WHERE "secretId" = ${id} AND "endedAt" IS NULL`;
      await workOnce(deps);
      const isNew = when === "after";
      expect(await lastRun(id)).toMatchObject({
        state: isNew ? "done" : "failed",
        serverHas: isNew ? "new" : "former",
      });
      expect(await signsIn(id, started.password)).toBe(isNew);
      if (!isNew) expect(await signsIn(id, "first-alone")).toBe(true);
    },
  );
});

test("an administrator sets the passwords of a pair in turn, and the user in use keeps its own", async () => {
  const destination = await addConnection("left", { username: "left", password: "first-left" });
  await addTestSecret(owner, fabric, urls.webUrl, {
    id: "boss",
    subKind: "username_password",
    versions: [{ by: "admin", fields: { username: "boss", password: "first-boss" } }],
  });
  const pair = {
    secretId: "left",
    method: "pair",
    administratorId: "boss",
    users: ["left", "right"],
  } as const;
  const input = { ...pair, users: [...pair.users], shownDestinations: [destination] };
  expect(await set(input)).toEqual({ secretId: "left" });
  const { scope, rotation, started } = await begin("left");
  await workOnNewRun(deps, scope, rotation, started);
  expect(await lastRun("left")).toMatchObject({ state: "done", user: "right", version: 2 });
  expect(await signsIn("right", started.password)).toBe(true);
  expect(await signsIn("left", "first-left")).toBe(true);

  // Two accounts with one name have two passwords, so Selvage changes neither.
  await addConnection("two", { username: "left", password: "first-left" });
  await set({ ...input, secretId: "two", connectionId: "two", users: ["left", "two"] });
  const other = await begin("two");
  await workOnNewRun(deps, other.scope, other.rotation, other.started);
  expect(await lastRun("two")).toMatchObject({
    state: "failed",
    serverHas: "former",
    code: "password_not_accepted",
  });
  expect(await signsIn("two", "first-two")).toBe(true);
});
