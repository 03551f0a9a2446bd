import { userInfo } from "node:os";
import { join } from "node:path";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { runProgram, startServer } from "@/testing/peers/real-server";

/** Starts a MariaDB with its data in this folder. `install` says how to install it and its plugins. */
export async function startMariaDb(folder: string, more: readonly string[], install: string) {
  const socketPath = join(folder, "socket");
  const common = ["--no-defaults", `--datadir=${join(folder, "data")}`, `--user=${userInfo().username}`];
  const trusted = "--auth-root-authentication-method=normal";
  await runProgram("mariadb-install-db", [...common, trusted, "--skip-test-db"], install);
  const port = await freePort();
  const own = [`--port=${port}`, "--bind-address=127.0.0.1", `--socket=${socketPath}`];
  const server = await startServer("mariadbd", [...common, ...own, ...more], { port, install });
  return {
    port,
    ...server,
    /** Runs queries as the owner, and returns the rows of the last one. */
    async asOwner(queries: readonly string[]): Promise<RowDataPacket[]> {
      const owner = await mysql.createConnection({ socketPath, user: "root" });
      let rows: RowDataPacket[] = [];
      for (const query of queries) [rows] = await owner.query<RowDataPacket[]>(query);
      await owner.end();
      return rows;
    },
  };
}
