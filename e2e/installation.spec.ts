import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { createInstallation, type Installation } from "@/e2e/start-installation";
import { freePort } from "@/launcher/embedded-postgres.mjs";

test.describe.configure({ mode: "default" });
test.setTimeout(180_000);

let installation: Installation;
let dataDir: string;
test.beforeAll(async () => {
  installation = await createInstallation();
  dataDir = installation.dataDir;
});
test.afterEach(() => installation.stop());
test.afterAll(() => rm(dataDir, { recursive: true }));

/** The process id of a part, or of a process that a part started. */
function pidOf(name: string): number {
  const pid = installation.parts.find((part) => part.name === name)?.pid;
  if (pid === undefined) throw new Error(`${name} has no process.`);
  return pid;
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** Attacks that a program of this user could try on the others: each attempt with its result. */
function attack(uid: number, gid: number): Record<string, string> {
  const automate = pidOf("automate");
  const script = `
    const { readFileSync, readdirSync } = require("node:fs");
    const tries = {
      masterKey: () => readFileSync(${JSON.stringify(join(dataDir, "keys/master.key"))}),
      signingKey: () => readFileSync(${JSON.stringify(join(dataDir, "keys/automate-signing.jwk"))}),
      releaseKey: () => readFileSync(${JSON.stringify(join(dataDir, "keys/release.pem"))}),
      keys: () => readdirSync(${JSON.stringify(join(dataDir, "keys"))}),
      log: () => readFileSync(${JSON.stringify(join(dataDir, "automate.log"))}),
      environment: () => readFileSync("/proc/${automate}/environ"),
      memory: () => readFileSync("/proc/${automate}/mem"),
      signal: () => process.kill(${automate}, "SIGUSR1"),
      web: () => readFileSync("/proc/${pidOf("web")}/environ"),
    };
    const outcome = {};
    for (const [name, go] of Object.entries(tries)) {
      try { go(); outcome[name] = "done"; } catch (error) { outcome[name] = error.code; }
    }
    const socket = require("node:net").connect(${JSON.stringify(join(dataDir, "workers/checks.sock"))});
    socket.once("connect", () => { outcome.workers = "done"; socket.destroy(); });
    socket.once("error", (error) => { outcome.workers = error.code; });
    socket.once("close", () => console.log(JSON.stringify(outcome)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], {
    uid,
    gid,
    cwd: "/",
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const refused = {
  masterKey: "EACCES",
  signingKey: "EACCES",
  releaseKey: "EACCES",
  keys: "EACCES",
  log: "EACCES",
  environment: "EACCES",
  memory: "EACCES",
  signal: "EPERM",
};

test("as root, each program runs as its own user, which can neither read nor signal another program", async () => {
  test.skip(process.getuid?.() !== 0 || process.platform !== "linux", "only root has other users");
  const { notices, health, ports } = await installation.start();
  expect(notices).toEqual([]);
  expect((await fetch(`http://127.0.0.1:${ports[1]}/cli/selvage.mjs`)).status).toBe(200);
  const [host, automate, web] = ["workers", "automate", "web"].map(pidOf) as [number, number, number];
  await expect.poll(() => childrenOf(host).length).toBeGreaterThan(0);
  const worker = childrenOf(host)[0] ?? 0;
  const database = Number(readFileSync(join(dataDir, "pg/postmaster.pid"), "utf8").split("\n")[0]);
  const owner = (pid: number) => statSync(`/proc/${pid}`).uid;
  const owners = [web, automate, worker, database].map(owner);
  expect(new Set([...owners, 0]).size).toBe(5);
  expect(owner(host)).toBe(owner(worker));

  for (const pid of [web, automate, host, worker, database]) {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    if (pid !== database) expect(limits).toMatch(/^Max core file size +0 /m);
  }
  const { uid: workerUid, gid: workerGid } = statSync(`/proc/${worker}`);
  // A worker may connect to its own socket: it gains another worker, confined like itself.
  expect(attack(workerUid, workerGid)).toEqual({ ...refused, web: "EACCES", workers: "done" });
  const { uid: webUid, gid: webGid } = statSync(`/proc/${web}`);
  expect(attack(webUid, webGid)).toEqual({ ...refused, web: "done", workers: "EACCES" });

  for (const pid of [web, automate]) process.kill(pid, "SIGUSR1");
  expect(await health()).toEqual([200, 200]);
  for (const log of ["web.log", "automate.log"])
    expect(readFileSync(join(dataDir, log), "utf8")).not.toContain("Debugger listening");
});

test("the start names a lost or wrong database password, and creates no new database in its place", async () => {
  if (readdirSync(dataDir).length === 0) {
    await installation.start();
    await installation.stop();
  }
  const keys = join(dataDir, "keys");
  const password = join(keys, "postgres.password");
  await rename(password, `${password}.backup`);
  await expect(installation.start()).rejects.toThrow(
    `${password} is missing, but the database in ${join(dataDir, "pg")} accepts no other password: restore the backup.`,
  );
  expect(readdirSync(keys)).not.toContain("postgres.password");

  await rename(join(keys, "session.secret"), password);
  await expect(installation.start()).rejects.toThrow(
    `The database in ${join(dataDir, "pg")} rejects the password of ${password}: restore that file from your backup.`,
  );
  await installation.stop();
  await rename(password, join(keys, "session.secret"));
  await rename(`${password}.backup`, password);

  await rename(join(dataDir, "pg"), join(dataDir, "elsewhere"));
  await expect(installation.start()).rejects.toThrow(
    `The database in ${join(dataDir, "pg")} is missing, but ${join(dataDir, "pg.log")} shows that it existed`,
  );
  expect(readdirSync(dataDir)).not.toContain("pg");
  await rename(join(dataDir, "elsewhere"), join(dataDir, "pg"));

  const { health } = await installation.start();
  expect(await health()).toEqual([200, 200]);
});

test("SIGTERM to npm start stops both Postgres servers, web, automate, the worker host and the workers", async () => {
  test.skip(process.platform !== "linux", "finds the processes in /proc");
  const folder = await mkdtemp(join(tmpdir(), "selvage-npm-start-"));
  const [PORT, AUTOMATE_PORT, AUTOMATE_INTERNAL_PORT] = await Promise.all(
    [freePort(), freePort(), freePort()].map(async (port) => String(await port)),
  );
  const npm = spawn("npm", ["start", "--", "--test-build"], {
    cwd: resolve(import.meta.dirname, ".."),
    env: { ...process.env, DATA_DIR: folder, PORT, AUTOMATE_PORT, AUTOMATE_INTERNAL_PORT },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let pids: number[] = [];
  try {
    await printed(npm, "Selvage is ready");
    // The worker host starts its first worker after automate is ready.
    await expect.poll(() => commandsOf(descendantsOf(npm.pid ?? 0)).join("\n")).toContain("check-worker.mjs");
    pids = descendantsOf(npm.pid ?? 0);
    const parts = [
      join(folder, "pg"),
      join(folder, "demo/pg"),
      "web.mjs",
      "automate.mjs",
      "check-worker.mjs",
    ];
    // Without root, automate starts its workers itself.
    if (process.getuid?.() === 0) parts.push("worker-host.mjs");
    for (const part of parts) expect(commandsOf(pids).join("\n")).toContain(part);
    const exited = once(npm, "exit");
    npm.kill("SIGTERM");
    await exited;
    await expect.poll(() => commandsOf(pids), { timeout: 30_000 }).toEqual([]);
  } finally {
    for (const pid of [npm.pid ?? 0, ...pids]) if (commandsOf([pid]).length > 0) process.kill(pid, "SIGKILL");
    await rm(folder, { recursive: true });
  }
});

function descendantsOf(parent: number): number[] {
  return childrenOf(parent).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The command lines of those processes that still run. A zombie has none. */
function commandsOf(pids: readonly number[]): string[] {
  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return command === "" ? [] : [command];
    } catch {
      return [];
    }
  });
}

/** Resolves when the process has printed the text; rejects when it ends before. */
async function printed(child: ChildProcess, text: string): Promise<void> {
  let all = "";
  for await (const chunk of child.stdout ?? []) {
    all += chunk;
    if (all.includes(text)) break;
  }
  if (!all.includes(text)) throw new Error(`It ended without printing "${text}":\n${all}`);
  // A full pipe would block it.
  child.stdout?.resume();
}
