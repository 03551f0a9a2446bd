import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { createInstallation, type Installation } from "@/e2e/start-installation";
import { takeLock } from "@/launcher/lock.mjs";
import { nodeRuntime } from "@/launcher/node-runtime.mjs";

// docs/recovery.md, "The data folder is lost", with `npm start`.

test.describe.configure({ mode: "default" });
test.setTimeout(240_000);

const root = resolve(import.meta.dirname, "..");
let installation: Installation;
let copies: string;
test.beforeAll(async () => {
  installation = await createInstallation();
  copies = await mkdtemp(join(tmpdir(), "selvage-copies-"));
});
test.afterAll(async () => {
  await installation.stop();
  await rm(installation.dataDir, { recursive: true, force: true });
  await rm(copies, { recursive: true, force: true });
});

/** Runs a command of the operator as npm does, with nothing but the data folder's name. */
function operate(...args: string[]): { status: number | null; output: string } {
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync(nodeRuntime(), args, {
    cwd: root,
    env: { PATH, DATA_DIR: installation.dataDir, NODE_ENV: "test" },
    encoding: "utf8",
  });
  return { status, output: `${stdout}${stderr}` };
}
const backupCommand = (...args: string[]) =>
  operate("launcher/run.mjs", "--operator", "dist-test/backup.mjs", ...args);
const restoreCommand = () =>
  operate("launcher/restore.mjs", "--test-build", "--from", join(copies, "backups"));

test("a lost data folder comes back from a backup and a copy of its keys, and every value opens", {
  tag: "@long",
}, async () => {
  const { dataDir } = installation;
  await installation.start({ seed: true });
  const backup = backupCommand("backup", "--to", join(copies, "backups"));
  expect(backup).toMatchObject({ status: 0, output: expect.stringContaining("It contains no private key") });
  await cp(join(dataDir, "keys"), join(copies, "keys"), { recursive: true });
  // As `npm start` holds it while it runs.
  const lock = await takeLock(join(dataDir, "start.lock"));
  if (lock.heldBy !== undefined) throw new Error("Something else runs on this data folder.");
  expect(restoreCommand()).toMatchObject({ status: 1, output: expect.stringContaining("stop it first") });
  await installation.stop();
  await lock.release();
  await rm(dataDir, { recursive: true });

  expect(restoreCommand()).toMatchObject({
    status: 1,
    output: expect.stringContaining("master.key is missing: put your copy of the folder keys there first"),
  });
  await mkdir(dataDir, { mode: 0o711 });
  await cp(join(copies, "keys"), join(dataDir, "keys"), { recursive: true });
  const restored = restoreCommand();
  expect(restored).toMatchObject({
    status: 0,
    output: expect.stringMatching(/It needs these master keys:[\s\S]*Restored\./),
  });
  expect(restoreCommand()).toMatchObject({
    status: 1,
    output: expect.stringContaining("already restored here"),
  });

  const { health, logins } = await installation.start({ seed: true });
  expect(await health()).toEqual([200, 200]);
  expect(logins.length).toBeGreaterThan(0);
  const drill = backupCommand("drill", "--from", join(copies, "backups"), "--sample", "all");
  expect(drill).toMatchObject({ status: 0, output: expect.stringContaining("The drill passed.") });
  const receipts = (await readdir(join(copies, "backups"))).filter((name) => name.startsWith("drill-"));
  const verified = backupCommand("drill", "--verify", join(copies, "backups", receipts[0] ?? ""));
  expect(verified).toMatchObject({
    status: 0,
    output: expect.stringContaining("Automate signed this receipt"),
  });
});
