import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { childrenOf } from "@/e2e/processes";
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

test("the start names a lost or wrong database password, and creates no new database in its place", {
  tag: "@long",
}, async () => {
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

test("SIGTERM to npm start stops both Postgres servers, web, automate, the worker host and the workers", {
  tag: "@long",
}, async () => {
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
