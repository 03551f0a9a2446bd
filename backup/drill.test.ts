import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { createDb, type Db } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createBackupProgram, type Ran } from "@/testing/backup-program";
import { backupFolder, queryAs } from "@/testing/backups";
import { findLeaks, findLeaksInFile } from "@/testing/canary";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

const program = createBackupProgram();
const canary = "canary-4d5e6f";
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let urls: TestDatabase;
let owner: Db;
let fabrics: TestFabric[];
let automateUrl: string;
let metricsPort: number;
let parent: string;
const automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate", { ownRoles: true });
  Object.assign(process.env, keys.automate, keys.web);
  owner = createDb(urls.ownerUrl);
  fabrics = [await createTestFabric(owner, "first"), await createTestFabric(owner, "second")];
  for (const [index, fabric] of fabrics.entries())
    for (let n = 0; n < 5; n += 1)
      await addTestSecret(owner, fabric, urls.webUrl, {
        id: `secret-${index}-${n}`,
        subKind: "username_password",
        versions: [{ by: "user", fields: { username: "u", password: `${canary}-${index}-${n}` } }],
      });
  metricsPort = await freePort();
  ({ internalUrl: automateUrl } = await automates.start({ METRICS_PORT: String(metricsPort) }));
  parent = backupFolder();
  const { code, output } = await run("backup", "--to", parent);
  expect([code, output]).toEqual([0, expect.stringContaining("2 fabrics, 20 sealed values")]);
});
afterAll(async () => {
  automates.stopAll();
  await owner.$disconnect();
});

/** Runs a command of the operator, with these variables changed. */
async function runWith(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const ran = await program.run({ ...operatorEnv(), ...env }, ...args);
  outputs.push(ran.output);
  return ran;
}
/** The output of all commands. */
const outputs: string[] = [];
const operatorEnv = () => ({
  DATABASE_URL: urls.ownerUrl,
  AUTOMATE_URL: automateUrl,
  AUTOMATE_PUBLIC_KEY: keys.web.AUTOMATE_PUBLIC_KEY,
  ...keys.operator,
});
const run = (...args: string[]) => runWith({}, ...args);
/** Other test files drill on the same server. */
const drillPrefix = () =>
  `selvage_drill_${createHash("sha256").update(new URL(urls.ownerUrl).pathname).digest("hex").slice(0, 8)}_`;
const drillDatabases = () =>
  queryAs(urls.ownerUrl, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", [drillPrefix()]);
const receiptIn = (folder: string) => {
  const names = readdirSync(folder)
    .filter((name) => name.startsWith("drill-"))
    .sort();
  return join(folder, names.at(-1) ?? "");
};

test("a drill opens a value of each fabric and a sample, signs a receipt, and leaves no database", async () => {
  const { code, output } = await run("drill", "--from", parent, "--sample", "5");
  expect(output).toMatch(
    /The drill passed\.[\s\S]*opened 7 of 7 tried values \(20 in the backup\), in 2 of 2 fabrics/,
  );
  expect(code).toBe(0);
  expect(await drillDatabases()).toEqual([]);
  const [row] = await queryAs<{ opened: number; passed: boolean }>(
    urls.ownerUrl,
    "SELECT opened, passed FROM drill ORDER BY id DESC LIMIT 1",
  );
  expect(row).toEqual({ opened: 7, passed: true });
});

test("a receipt is verified without automate and without a database; a changed one is refused", async () => {
  const receipt = receiptIn(parent);
  const offline = { DATABASE_URL: "", AUTOMATE_URL: "", OPERATOR_SIGNING_KEY: "" };
  expect(await runWith(offline, "drill", "--verify", receipt)).toEqual({
    code: 0,
    output: expect.stringMatching(/Automate signed this receipt[\s\S]*The drill passed/),
  });
  const [header, payload = "", signature] = readFileSync(receipt, "utf8").split(".");
  const changed = JSON.parse(Buffer.from(payload, "base64url").toString());
  changed.opened = 1_000_000;
  const forged = join(backupFolder(), "forged.jws");
  writeFileSync(
    forged,
    [header, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join("."),
  );
  expect(await runWith(offline, "drill", "--verify", forged)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/not genuine/),
  });
  const other = await createTestKeys();
  const foreign = { ...offline, AUTOMATE_PUBLIC_KEY: other.web.AUTOMATE_PUBLIC_KEY };
  expect((await runWith(foreign, "drill", "--verify", receipt)).output).toMatch(/not genuine/);
});

test("each opening of a drill is in the audit log, before and by count", async () => {
  await run("drill", "--from", parent, "--sample", "all");
  const events = await queryAs(
    urls.ownerUrl,
    `SELECT action, "actorName", details->>'count' AS count, details->>'opened' AS opened FROM audit_event
     WHERE details->>'drill' = (SELECT id FROM drill ORDER BY id DESC LIMIT 1) ORDER BY id`,
  );
  expect(events).toEqual([
    { action: "drill.start", actorName: "Operator", count: null, opened: null },
    { action: "drill.open", actorName: "Operator", count: "20", opened: null },
    { action: "drill.end", actorName: "Operator", count: null, opened: "20" },
  ]);
});

test("automate's metrics say when the last backup was taken and the last drill passed, for alerts", async () => {
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const age = (name: string) =>
    Date.now() / 1000 - Number(new RegExp(`^${name} (.*)$`, "m").exec(metrics)?.[1]);
  for (const name of ["last_backup", "last_drill", "last_drill_passed"])
    expect(age(`selvage_${name}_timestamp_seconds`), name).toBeLessThan(300);
});

test("a value that was changed before the backup does not pass, and is named", async () => {
  const changed = `UPDATE secret_field SET sealed = overlay(sealed placing 'AAAA' from length(sealed) - 6)
    WHERE "secretId" = 'secret-0-0' AND field = 'password'`;
  const [before] = await owner.secretField.findMany({
    where: { secretId: "secret-0-0", field: "password" },
    select: { sealed: true },
  });
  await queryAs(urls.ownerUrl, changed);
  const folder = backupFolder();
  await run("backup", "--to", folder);
  const { code, output } = await run("drill", "--from", folder, "--sample", "all");
  await owner.secretField.updateMany({
    where: { secretId: "secret-0-0", field: "password" },
    data: { sealed: before?.sealed ?? "" },
  });
  expect(code).toBe(1);
  expect(output).toMatch(
    /Did not open: secret secret-0-0 of fabric .*, field password, version 1.*does not open at its place/,
  );
  expect(output).toMatch(/did NOT pass[\s\S]*opened 19 of 20/);
  expect(await drillDatabases()).toEqual([]);
});

test.runIf(process.env.RUN_LONG)(
  "a drill under another master key does not pass, and names the missing one",
  async () => {
    const masterKeyFile = join(mkdtempSync(join(tmpdir(), "selvage-keys-")), "master.key");
    writeFileSync(masterKeyFile, randomBytes(32).toString("base64url"), { mode: 0o600 });
    // A system of its own, with the same signing key and another master key.
    const other = await createTestDatabase("automate", { ownRoles: true });
    const { internalUrl } = await automates.start({
      MASTER_KEY_FILE: masterKeyFile,
      AUTOMATE_DATABASE_URL: other.automateUrl,
    });
    const { code, output } = await runWith(
      { AUTOMATE_URL: internalUrl, DATABASE_URL: other.ownerUrl },
      "drill",
      "--from",
      parent,
      "--sample",
      "0",
    );
    expect(code).toBe(1);
    expect(output).toMatch(/It needs these master keys:\s+[\w-]{16}/);
    expect(output).toMatch(/keyring has no master key with this fingerprint/);
    expect(output).toMatch(/opened 0 of 2 tried values/);
  },
);

test.runIf(process.env.RUN_LONG)(
  "without the right to create a database, a drill says what to do, and works in a given empty one",
  async () => {
    const role = `limited_${randomBytes(4).toString("hex")}`;
    await queryAs(urls.ownerUrl, `CREATE ROLE ${role} LOGIN PASSWORD 'test'`);
    const limited = new URL(urls.ownerUrl);
    Object.assign(limited, { username: role, password: "test" });
    const refused = await runWith({ DATABASE_URL: limited.href }, "drill", "--from", parent);
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringMatching(/grant it CREATEDB, or set DRILL_DATABASE_URL/),
    });
    const given = await createEmptyDatabase();
    const { code, output } = await runWith({ DRILL_DATABASE_URL: given }, "drill", "--from", parent);
    expect([code, output]).toEqual([0, expect.stringContaining("The drill passed")]);
    expect(await queryAs(given, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    const again = await runWith({ DRILL_DATABASE_URL: given }, "drill", "--from", parent);
    expect([again.code, again.output]).toEqual([0, expect.stringContaining("The drill passed")]);
  },
);

test("a drill that a signal ends drops its database", async () => {
  const { child, ended } = program.start(operatorEnv(), ["drill", "--from", parent]);
  await expect.poll(drillDatabases, { interval: 20 }).toHaveLength(1);
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 1 });
  expect(await drillDatabases()).toEqual([]);
});

test("the database of a drill that was killed is dropped by the next one", async () => {
  await queryAs(urls.ownerUrl, `CREATE DATABASE ${drillPrefix()}00000000deadbeef`);
  await run("drill", "--from", parent);
  expect(await drillDatabases()).toEqual([]);
});

test("neither a backup, nor a receipt, nor any output contains a value", async () => {
  expect(outputs.length).toBeGreaterThan(0);
  expect(findLeaks("output", outputs.join("\n"), canary)).toEqual([]);
  const entries = readdirSync(parent, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile()))
    expect(await findLeaksInFile(join(entry.parentPath, entry.name), canary)).toEqual([]);
});

test("without automate a backup is not written, and says what is missing", async () => {
  const folder = backupFolder();
  const { code, output } = await runWith({ AUTOMATE_URL: "http://127.0.0.1:9" }, "backup", "--to", folder);
  expect([code, output]).toEqual([1, expect.stringContaining("does not answer")]);
  expect(readdirSync(folder)).toEqual([]);
});
