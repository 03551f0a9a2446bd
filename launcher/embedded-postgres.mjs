import { spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { postgresBinaries } from "./postgres-binaries.mjs";
import { Refusal } from "./progress.mjs";
import { systemUser } from "./users.mjs";

// A real Postgres server from npm packages. Runs the binaries directly: the package's wrapper stops its
// server on the first Ctrl-C, before web and automate are done with it.

const user = "postgres";

/**
 * Starts a folder's server, and creates its cluster on the first run. First stops a server that a killed
 * launcher left running.
 * @param {{ dir: string, password: string, flags?: string[], stopLater?: (server: { stop: () => Promise<void> }) => void,
 *   port?: number, binariesDir?: string, prepare?: (cluster: Cluster) => Promise<void> }} options `dir` contains
 *   pg/ and pg.log; `stopLater` receives the server before it is ready; `port` is any free one by default;
 *   `binariesDir` (`dir` by default) receives a copy of the binaries, if needed; `prepare` completes a new
 *   cluster before its first start
 * @returns {Promise<{ port: number, pid: number, url: (database: string) => string, stop: () => Promise<void>, exited: Promise<void> }>}
 */
export async function startPostgres({
  dir,
  password,
  flags = [],
  stopLater = () => {},
  port: requestedPort,
  binariesDir = dir,
  prepare = async () => {},
}) {
  const owner = databaseUser();
  const data = join(dir, "pg");
  await mkdir(dir, { recursive: true });
  // The database's user passes through `dir` to pg/, but cannot list it, and keys/ stays closed to it.
  if (owner.uid !== undefined) await chmod(dir, 0o711);
  const { bin, version } = await postgresBinaries(binariesDir, owner);
  await stopOrphan(data);
  await checkVersion(data, version);
  if (!(await exists(join(data, "PG_VERSION")))) await initialise(bin, data, password, owner, prepare);
  const log = await open(join(dir, "pg.log"), "a", 0o600);
  const port = requestedPort ?? (await freePort());
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", ...flags];
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), ...settings.flatMap((s) => ["-c", s])],
    {
      ...owner,
      cwd: "/",
      env: environment(),
      stdio: ["ignore", log.fd, log.fd],
      // Detached from the terminal's process group: on Ctrl-C, web and automate must stop before the
      // database.
      detached: true,
    },
  );
  let hasExited = false;
  const exited = new Promise((done) => {
    for (const event of ["exit", "error"]) {
      server.once(event, () => {
        hasExited = true;
        done(undefined);
      });
    }
  });
  await log.close();
  const pid = server.pid ?? 0;
  const stop = async () => {
    if (!hasExited) signal(pid, "SIGINT");
    await Promise.race([
      exited,
      sleep(15_000, undefined, { ref: false }).then(() => hasExited || signal(pid, "SIGQUIT")),
    ]);
    await exited;
  };
  stopLater({ stop });
  await waitFor(
    async () => {
      if (hasExited) throw new Refusal(`Postgres did not start. See ${join(dir, "pg.log")}.`);
      // A crash leaves its pid file behind, which also says "ready". So compare the pid.
      const { pid: serving, status } = (await readPidFile(data)) ?? {};
      return serving === server.pid && status === "ready";
    },
    `Postgres is not ready after a minute. See ${join(dir, "pg.log")}.`,
  );
  const url = (database) =>
    `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  return { port, pid, url, stop, exited };
}

const ports = { first: 20_000, count: 12_768 };
let next = (process.pid % 127) * 100 + randomInt(100);

/**
 * A port of 127.0.0.1 that is currently free. It is below the ports that systems assign to outgoing
 * connections and to servers without a port (32768 to 60999 on Linux, higher elsewhere), so that none of those
 * takes it before its program listens. Each process counts upwards from a place that its id gives, so that two askers
 * seldom get the same port.
 */
export async function freePort() {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = ports.first + (next++ % ports.count);
    const probe = createServer();
    const isFree = await new Promise((done) =>
      probe.once("error", () => done(false)).listen(port, "127.0.0.1", () => done(true)),
    );
    await new Promise((done) => probe.close(done));
    if (isFree) return port;
  }
  throw new Error("No free port among a hundred between 20000 and 32767.");
}

/** The user that runs Postgres. Postgres refuses to run as root, so root starts it as `postgres`. */
function databaseUser() {
  if (process.getuid?.() !== 0) return {};
  const owner = systemUser(user);
  if (owner !== undefined) return owner;
  throw new Refusal(
    `Postgres does not run as root, and the user "${user}" could not be created: create it, then try again.`,
  );
}

/**
 * Creates the cluster in a temporary folder and renames it, so that an interrupted first run leaves no
 * partial cluster.
 */
async function initialise(bin, data, password, owner, prepare) {
  const half = `${data}.new`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { mode: 0o700 });
  const secret = await mkdtemp(join(tmpdir(), "selvage-"));
  const pwfile = join(secret, "password");
  await writeFile(pwfile, `${password}\n`, { mode: 0o600 });
  if (owner.uid !== undefined)
    for (const path of [half, secret, pwfile]) await chown(path, owner.uid, owner.gid);
  const arguments_ = [
    `--pgdata=${half}`,
    `--username=${user}`,
    `--pwfile=${pwfile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ];
  const result = spawnSync(join(bin, "initdb"), arguments_, {
    ...owner,
    cwd: "/",
    env: environment(),
    encoding: "utf8",
  });
  await rm(secret, { recursive: true, force: true });
  if (result.status !== 0)
    throw new Refusal(`The database could not be created: ${result.stderr || result.error?.message}`);
  await prepare({
    write: async (name, text) => {
      const file = join(half, name);
      await writeFile(file, text, { mode: 0o600 });
      if (owner.uid !== undefined) await chown(file, owner.uid, owner.gid);
    },
    run: (database, sql) => runWithoutServer(bin, half, database, sql, owner),
  });
  await rename(half, data);
}

/**
 * A new cluster that has no server yet. `write` creates a file in its folder; `run` runs SQL as the superuser,
 * where a blank line ends each statement.
 * @typedef {{ write: (name: string, text: string) => Promise<void>, run: (database: string, sql: string) => void }} Cluster
 */

/** Runs SQL in Postgres' single-user mode, which needs no password and opens no port. */
function runWithoutServer(bin, data, database, sql, owner) {
  // An error would log its statement, and with it a password.
  const settings = ["exit_on_error=on", "log_min_error_statement=panic", "log_checkpoints=off"];
  const { status, stderr, error } = spawnSync(
    join(bin, "postgres"),
    ["--single", "-j", "-D", data, ...settings.flatMap((setting) => ["-c", setting]), database],
    { ...owner, cwd: "/", env: environment(), encoding: "utf8", input: sql },
  );
  if (status !== 0) throw new Refusal(`The database could not be filled: ${stderr || error?.message}`);
}

/**
 * Stops a server that survived a `kill -9` of its launcher. Its pid file leads to it.
 * @param {string} data the cluster's folder
 */
export async function stopOrphan(data) {
  const orphan = await readPidFile(data);
  if (!orphan || !isPostgres(orphan.pid, data)) return;
  signal(orphan.pid, "SIGINT");
  await waitFor(
    async () => !isPostgres(orphan.pid, data),
    `An earlier Postgres (process ${orphan.pid}) on ${data} does not stop.`,
  );
}

/**
 * True when the process is this cluster's Postgres. A pid file outlives a crash, and another process may have
 * the pid by now.
 */
function isPostgres(pid, data) {
  const command =
    outputOf("ps", ["-o", "args=", "-p", String(pid)]) ??
    outputOf("cat", [`/proc/${pid}/cmdline`])?.replaceAll("\0", " ");
  return command?.includes("postgres") === true && command.includes(data);
}

async function readPidFile(data) {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => undefined);
  const lines = text?.split("\n") ?? [];
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, status: lines[7]?.trim() } : undefined;
}

async function checkVersion(data, version) {
  const dataVersion = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => undefined))?.trim();
  const ownVersion = version.split(".")[0];
  if (dataVersion && dataVersion !== ownVersion) {
    throw new Refusal(
      `Postgres ${dataVersion} created the database in ${data}, but this version contains ${ownVersion}: dump it with the old version first.`,
    );
  }
}

function environment() {
  return {
    PATH: process.env.PATH ?? "",
    LC_ALL: "C",
    TZ: "UTC",
    ...(process.env.SystemRoot && { SystemRoot: process.env.SystemRoot }),
  };
}

function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // The process has already ended.
  }
}

async function waitFor(ready, message) {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(25)) if (await ready()) return;
  throw new Refusal(message);
}

async function exists(path) {
  return (await readFile(path).catch(() => undefined)) !== undefined;
}
