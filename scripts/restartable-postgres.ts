import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, startPostgres } from "@/scripts/embedded-postgres.mjs";

/** A Postgres of its own that a test stops and starts again at the same address, with its data. */
export async function startRestartablePostgres() {
  const dir = await mkdtemp(join("/tmp", "selvage-restart-"));
  const password = randomBytes(24).toString("base64url");
  const port = await freePort();
  const start = () => startPostgres({ dir, password, flags: [`port=${port}`, "max_connections=100"] });
  let server = await start();
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    /** Stops it, by a fast shutdown or by SIGKILL, and starts it again after so long. */
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
      await rm(dir, { recursive: true, force: true });
    },
  };
}
