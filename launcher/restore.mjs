import "./node-version.mjs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build, builds, isFresh } from "./build.mjs";
import { install } from "./install.mjs";
import { signingKeysOf } from "./keys.mjs";
import { takeLock, withLock } from "./lock.mjs";
import { nodeRuntime } from "./node-runtime.mjs";
import { dataFolder } from "./operator-file.mjs";
import { startNode } from "./processes.mjs";
import { fail, Refusal, step } from "./progress.mjs";

// npm run restore: into the database of DATABASE_URL or, without one, into the data folder of `npm start`, whose
// Postgres it starts for the time of the restore.

const root = resolve(import.meta.dirname, "..");
const target = process.argv.includes("--test-build") ? builds.test : builds.start;
const program = join(root, target.dist, "backup.mjs");
const args = process.argv.slice(2).filter((arg) => arg !== "--test-build");
const running = [];

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => running.at(-1)?.interrupt?.(name));

try {
  process.exitCode = process.env.DATABASE_URL ? await restore(process.env) : await restoreDataFolder();
} catch (error) {
  fail(error);
} finally {
  for (const part of running.reverse()) await part.stop();
  process.exit();
}

async function restoreDataFolder() {
  const dataDir = dataFolder();
  const keysDir = join(dataDir, "keys");
  // As at the start: without a keyring, the master key is here.
  const needed = [
    ...(process.env.KMS_CONFIG ? [] : ["master.key"]),
    // With its fingerprint, the public half beside the backup suffices.
    ...(args.some((arg) => arg.startsWith("--signed-by")) ? [] : ["automate-signing.jwk"]),
  ];
  for (const name of needed)
    if (!(await exists(join(keysDir, name))))
      throw new Refusal(
        `${join(keysDir, name)} is missing: put your copy of the folder keys there first, or set DATA_DIR, or ${name === "master.key" ? "KMS_CONFIG if you start Selvage with it" : "give its fingerprint with --signed-by"}. Nothing was changed.`,
      );
  const lock = await takeLock(join(dataDir, "start.lock"));
  if (lock.heldBy !== undefined)
    throw new Refusal(
      `Selvage runs on ${dataDir} (process ${lock.heldBy}): stop it first. Nothing was changed.`,
    );
  running.push({ stop: lock.release });
  await install();
  if (!(await isFresh(target)))
    await step("Building", (show) => withLock(join(root, ".locks/build"), show, () => build(target, show)));
  // Import only now: these modules need packages that the step above installs.
  const { database, startEmbedded } = await import("./installation.mjs");
  const stopLater = (part) => running.push(part);
  const server = await startEmbedded(dataDir, keysDir, stopLater, { mayBeLost: true });
  const AUTOMATE_PUBLIC_KEY = process.env.AUTOMATE_PUBLIC_KEY || (await signingKeysOf(keysDir));
  return restore({ ...process.env, DATABASE_URL: server.url(database), AUTOMATE_PUBLIC_KEY });
}

/** Runs the program, and returns its exit code. */
async function restore(env) {
  if (!(await exists(program))) throw new Refusal(`${program} is missing: run npm run build.`);
  const child = startNode(nodeRuntime(), [program, "restore", ...args], {
    env,
    stdio: "inherit",
  });
  const ended = new Promise((done, failed) =>
    child.once("error", failed).once("exit", (code) => done(code ?? 1)),
  );
  running.push({ interrupt: (name) => child.kill(name), stop: () => ended });
  return ended;
}

function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}
