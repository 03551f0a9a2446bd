import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, startPostgres } from "@/launcher/embedded-postgres.mjs";

/**
 * A separate Postgres that a test can stop and restart with the same address and data. `on` is its folder, if
 * given.
 */
export async function startRestartablePostgres({ on, flags = [] }: { on?: string; flags?: string[] } = {}) {
  const dir = on ?? (await mkdtemp(join("/tmp", "selvage-restart-")));
  const password = randomBytes(24).toString("base64url");
  const port = await freePort();
  const start = () =>
    startPostgres({ dir, password, flags: [`port=${port}`, "max_connections=100", ...flags] });
  let server = await start();
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    /** Restarts the server if it has ended. */
    async ensureRunning(): Promise<void> {
      if (await Promise.race([server.exited.then(() => true), sleep(1, false)])) server = await start();
    },
    /** Stops the server, by a fast shutdown or SIGKILL, and restarts it after this delay. */
    async restart(how: "fast" | "killed", afterMs: number): Promise<void> {
      if (how === "fast") await server.stop();
      else {
        process.kill(server.pid, "SIGKILL");
        await server.exited;
      }
      await sleep(afterMs);
      server = await start();
    },
    async remove() {
      await server.stop();
      if (!on) await rm(dir, { recursive: true, force: true });
    },
  };
}
