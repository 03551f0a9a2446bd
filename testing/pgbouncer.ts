import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@/launcher/embedded-postgres.mjs";

export type PoolMode = "session" | "transaction";

/**
 * A PgBouncer in front of one Postgres, for the logins of `urls`. Few server connections, so that clients share
 * them. Throws when the machine has no PgBouncer.
 */
export async function startPgBouncer(mode: PoolMode, urls: readonly string[]) {
  const dir = await mkdtemp(join("/tmp", "selvage-pgbouncer-"));
  await chmod(dir, 0o755);
  const port = await freePort();
  const [first = ""] = urls;
  const users = urls.map((url) => `"${new URL(url).username}" "${new URL(url).password}"`);
  await writeFile(join(dir, "users"), users.join("\n"));
  await writeFile(
    join(dir, "pgbouncer.ini"),
    `[databases]
* = host=127.0.0.1 port=${new URL(first).port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(dir, "users")}
pool_mode = ${mode}
default_pool_size = ${mode === "session" ? 40 : 5}
max_client_conn = 200
ignore_startup_parameters = options
`,
  );
  const asUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const child = spawn("pgbouncer", [join(dir, "pgbouncer.ini")], {
    stdio: ["ignore", "ignore", "pipe"],
    ...asUser,
  });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new Error("This test needs PgBouncer on the machine (Debian: pgbouncer).", { cause })),
    );
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
      if (log.includes("process up")) resolve();
    });
    child.once("close", () => reject(new Error(`PgBouncer ended:\n${log}`)));
  });
  return {
    /** The same database, through PgBouncer. */
    through(url: string): string {
      const address = new URL(url);
      address.port = String(port);
      return address.href;
    },
    async stop() {
      child.kill("SIGINT");
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
