import type { Client } from "pg";

/**
 * Earlier versions kept the jobs of background checks in a schema of pg-boss. Their copies look after it every two minutes, and
 * cannot start without it: it is dropped once none did for an hour, unless it holds queues of somebody else.
 */
export async function dropJobSchema(client: Client): Promise<void> {
  const { rows: found } = await client.query("SELECT to_regclass('pgboss.version') IS NOT NULL AS made");
  if (!found[0].made) return;
  const { rows } = await client.query(
    `SELECT coalesce(bool_or(maintained_on > now() - interval '1 hour'), false)
       OR EXISTS (SELECT 1 FROM pgboss.queue WHERE name <> 'background-check' AND name NOT LIKE '\\_\\_pgboss%') AS used
     FROM pgboss.version`,
  );
  if (!rows[0].used) await client.query("DROP SCHEMA pgboss CASCADE");
}
