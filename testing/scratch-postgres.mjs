import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { startPostgres } from "../launcher/embedded-postgres.mjs";
import { nodeRuntime } from "../launcher/node-runtime.mjs";
import { startNode } from "../launcher/processes.mjs";
import { fail } from "../launcher/progress.mjs";

// Runs a script with a fresh Postgres that is removed afterwards:
//   node testing/scratch-postgres.mjs scripts/diff.ts name

/**
 * A Postgres for tests: fast, not durable, and removed when stopped. It lives in /tmp, which every user can
 * reach.
 */
export async function startScratchPostgres() {
  const dir = await mkdtemp(join("/tmp", "selvage-scratch-"));
  const flags = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"];
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    const server = await startPostgres({ dir, password: randomBytes(24).toString("base64url"), flags });
    return { dir, url: server.url, stop: () => server.stop().then(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    const postgres = await startScratchPostgres();
    const url = postgres.url("postgres");
    const env = { ...process.env, DATABASE_URL: url, TEST_DATABASE_URL: url };
    const child = startNode(nodeRuntime(), process.argv.slice(2), { stdio: "inherit", env });
    for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => child.kill(name));
    try {
      process.exitCode = await new Promise((done, failed) =>
        child.once("error", failed).once("exit", (code) => done(code ?? 1)),
      );
    } finally {
      await postgres.stop();
    }
  } catch (error) {
    fail(error);
  }
}
