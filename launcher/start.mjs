import "./node-version.mjs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build, builds, isFresh } from "./build.mjs";
import { install } from "./install.mjs";
import { takeLock, withLock } from "./lock.mjs";
import { dataFolder } from "./operator-file.mjs";
import { tryListen } from "./ports.mjs";
import { fail, Refusal, step } from "./progress.mjs";
import { stopWithParent } from "./stop-with-parent.mjs";

const root = resolve(import.meta.dirname, "..");
const dev = process.argv.includes("--dev");
const target = dev ? builds.dev : process.argv.includes("--test-build") ? builds.test : builds.start;
// The running parts in start order. They stop in reverse order.
const running = [];
let stopping;

function stop(code) {
  stopping ??= (async () => {
    process.exitCode = code;
    for (const part of running.reverse()) await part.stop();
    process.exit();
  })();
  return stopping;
}

const stopOnSignal = () => {
  if (!stopping) console.log("\nStopping …");
  void stop(0);
};
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, stopOnSignal);
stopWithParent(stopOnSignal);
// When its terminal or pipe has closed, a sentence must not end the launcher before it has stopped every part.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
// On SIGUSR1 Node.js would open its inspector, and other processes on this machine could read the keys from
// memory.
process.on("SIGUSR1", () => {});

try {
  await start(readSettings());
} catch (error) {
  if (!stopping) {
    fail(error);
    await stop(1);
  }
}

async function start(settings) {
  const { dataDir, host, port, automatePort } = settings;
  await mkdir(dataDir, { recursive: true }).catch((error) => {
    throw new Refusal(
      `The data folder ${dataDir} cannot be created (${error.code}): set DATA_DIR to another folder.`,
    );
  });
  const lock = await takeLock(join(dataDir, "start.lock"));
  if (lock.heldBy !== undefined) {
    throw new Refusal(
      `Selvage already runs on ${dataDir} (process ${lock.heldBy}): stop it first, or set DATA_DIR to another folder.`,
    );
  }
  running.push({ stop: lock.release });
  // If the previous launcher was killed, its programs may still be stopping.
  const waitMs = lock.inherited ? 15_000 : 0;
  await checkPort("PORT", host, port, waitMs);
  await checkPort("AUTOMATE_PORT", "127.0.0.1", automatePort, waitMs);
  const automateInternalPort = await findInternalPort(settings, waitMs);

  await install();
  if (dev || !(await isFresh(target))) {
    await step(dev ? "Bundling" : "Building", (show) =>
      withLock(join(root, ".locks/build"), show, async () => {
        if (dev || !(await isFresh(target))) await build(target, show);
      }),
    );
  }
  // Import only now: these modules need packages that the step above installs.
  const { startInstallation } = await import("./installation.mjs");
  const { logins, watch, notices } = await startInstallation({
    ...settings,
    automateInternalPort,
    target,
    dev,
    stopLater: (part) => (stopping ? part.stop() : running.push(part)),
  });
  if (stopping) return;
  watch((message) => {
    if (stopping) return;
    console.error(`\n${message}`);
    void stop(1);
  });
  greet(settings, logins, notices);
}

function greet({ publicUrl, dataDir }, logins, notices) {
  console.log(`\nSelvage is ready: ${publicUrl}\n`);
  if (logins.length > 0) {
    const width = (key) => Math.max(...logins.map((login) => String(login[key]).length)) + 2;
    for (const { email, password, role, team } of logins) {
      console.log(
        `  ${email.padEnd(width("email"))}${password.padEnd(width("password"))}${role.padEnd(width("role"))}${team}`,
      );
    }
  }
  console.log(`\nData, keys and logs are in ${dataDir}. Ctrl-C stops everything.`);
  for (const notice of notices) console.log(`\n${notice}`);
}

function readSettings() {
  const { env } = process;
  const port = readPort("PORT", env.PORT || "3000");
  const automatePort = readPort("AUTOMATE_PORT", env.AUTOMATE_PORT || "3001");
  if (port === automatePort)
    throw new Refusal(`PORT and AUTOMATE_PORT are both ${port}: change one of them.`);
  const internal = env.AUTOMATE_INTERNAL_PORT;
  const automateInternalPort = internal ? readPort("AUTOMATE_INTERNAL_PORT", internal) : undefined;
  if ([port, automatePort].includes(automateInternalPort))
    throw new Refusal(
      `AUTOMATE_INTERNAL_PORT is ${automateInternalPort}, the same as another port: change one of them.`,
    );
  const host = env.HOST || "127.0.0.1";
  const shown = ["0.0.0.0", "::", "127.0.0.1"].includes(host)
    ? "localhost"
    : host.includes(":")
      ? `[${host}]`
      : host;
  return {
    dataDir: dataFolder(env),
    host,
    port,
    automatePort,
    automateInternalPort,
    publicUrl: env.PUBLIC_URL || `http://${shown}:${port}`,
    rolePrefix: env.DB_ROLE_PREFIX || "selvage",
    newSigningKey: process.argv.includes("--new-signing-key"),
    databaseUrl: env.DATABASE_URL || undefined,
    seed: env.SEED_DEMO === "1" || !env.DATABASE_URL,
  };
}

function readPort(name, text) {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Refusal(`${name} is ${JSON.stringify(text)}, but must be a number from 1 to 65535.`);
}

/** Only web needs to know this port, so any free one will do unless the operator chose one. */
async function findInternalPort({ port, automatePort, automateInternalPort }, waitMs) {
  if (automateInternalPort !== undefined) {
    await checkPort("AUTOMATE_INTERNAL_PORT", "127.0.0.1", automateInternalPort, waitMs);
    return automateInternalPort;
  }
  for (let tried = 3002; tried < 65_536; tried += 1) {
    const isOurs = tried === port || tried === automatePort;
    if (!isOurs && (await tryListen("127.0.0.1", tried)) === undefined) return tried;
  }
  throw new Refusal("No port is free for automate's internal API: set AUTOMATE_INTERNAL_PORT.");
}

async function checkPort(name, host, port, waitMs) {
  const end = Date.now() + waitMs;
  for (;;) {
    const code = await tryListen(host, port);
    if (code === undefined) return;
    if (code === "EADDRINUSE" && Date.now() < end) {
      await sleep(100);
      continue;
    }
    const problem = code === "EADDRINUSE" ? "is in use" : `cannot be used (${code})`;
    throw new Refusal(
      `Port ${port} on ${host} ${problem}: set another ${name}, for example ${name}=${port + 10} npm start.`,
    );
  }
}
