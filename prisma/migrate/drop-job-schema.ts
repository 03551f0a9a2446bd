import type { Client } from "pg";
import { sqlStateOf } from "@/lib/db/errors";

/**
 * Drops the pg-boss schema in which earlier versions kept background jobs. Those versions access it every two
 * minutes and cannot start without it. So it is dropped only after an hour without access, and only if it has
 * no foreign queues. A running database dump postpones this to the next migration.
 */
export async function dropJobSchema(client: Client, log: (sentence: string) => void): Promise<void> {
  const { rows: versionTable } = await client.query(
    "SELECT to_regclass('pgboss.version') IS NOT NULL AS exists",
  );
  if (!versionTable[0].exists) return;
  const { rows } = await client.query(
    `SELECT coalesce(bool_or(maintained_on > now() - interval '1 hour'), false)
       OR EXISTS (SELECT 1 FROM pgboss.queue WHERE name <> 'background-check' AND name NOT LIKE '\\_\\_pgboss%') AS used
     FROM pgboss.version`,
  );
  if (rows[0].used) return;
  try {
    await client.query("BEGIN; SET LOCAL lock_timeout = 3000; DROP SCHEMA pgboss CASCADE; COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    if (sqlStateOf(error) !== "55P03") throw error;
    log("Another session reads the schema pgboss of an earlier version. The next migration drops it.");
  }
}
