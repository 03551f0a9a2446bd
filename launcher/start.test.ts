import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { takeLock } from "@/launcher/lock.mjs";

const root = resolve(import.meta.dirname, "..");

it.skipIf(process.platform === "win32")(
  "SIGTERM to npm start stops it and releases its data folder",
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "selvage-start-"));
    // The test holds this lock, so that npm start waits before its build. A built tree would start fully.
    const build = await takeLock(join(root, ".locks/build"));
    const ports = [await freePort(), await freePort(), await freePort()].map(String);
    const [PORT, AUTOMATE_PORT, AUTOMATE_INTERNAL_PORT] = ports;
    const npm = spawn("npm", ["start"], {
      cwd: root,
      env: { ...process.env, DATA_DIR: dataDir, PORT, AUTOMATE_PORT, AUTOMATE_INTERNAL_PORT },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const text = await new Promise<string>((done) => {
        let output = "";
        npm.stdout.setEncoding("utf8").on("data", (chunk) => {
          output += chunk;
          if (/Building …|Starting Postgres …/.test(output)) done(output);
        });
        npm.once("exit", () => done(output));
      });
      expect(text).toMatch(/Building …|Starting Postgres …/);
      const lock = join(dataDir, "start.lock");
      const { pid } = JSON.parse(readFileSync(lock, "utf8"));
      npm.kill("SIGTERM");
      await expect.poll(() => existsSync(lock), { timeout: 25_000 }).toBe(false);
      await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
    } finally {
      npm.kill("SIGKILL");
      if (build.heldBy === undefined) await build.release();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
