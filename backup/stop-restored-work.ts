import type { Client } from "pg";
import { tableExists } from "@/backup/tables";

/** The work that a restore paused or postponed, for the operator to decide. */
export type StoppedWork = {
  pausedRotations: number;
  /** Schedules by which Selvage sets passwords at servers, and runs that did so during the backup. */
  pausedSchedules: number;
  endedRuns: number;
  postponedDeletions: { fabric: string; destroyAt: string }[];
  /** Deleted secrets and connections, which have their whole time in the trash again. */
  trashed: number;
};

/**
 * Stops work that automate would continue in a restored database:
 *
 * - A key rotation waits until somebody resumes it.
 * - No password is set at a server. It may have another one by now, or serve the system that was backed up.
 * - Deleted fabrics and things in the trash have their whole time again: somebody may have restored them since.
 *
 * Part of the transaction that fills the tables, on the backup's own schema.
 */
export async function stopRestoredWork(client: Client): Promise<StoppedWork> {
  const none = { pausedRotations: 0, pausedSchedules: 0, endedRuns: 0, trashed: 0 };
  const stopped: StoppedWork = { ...none, postponedDeletions: [] };
  if (await tableExists(client, "key_rotation")) {
    const { rowCount } = await client.query(
      `UPDATE key_rotation SET state = 'paused', holder = '', "leasedUntil" = now(),
         "lastError" = 'Paused by the restore of a backup.' WHERE state = 'running'`,
    );
    stopped.pausedRotations = rowCount ?? 0;
  }
  if (await tableExists(client, "password_rotation")) {
    const paused = await client.query(
      `UPDATE password_rotation SET "dueAt" = NULL, problem = 'restored' WHERE "dueAt" IS NOT NULL`,
    );
    // The server may have the value of such a candidate, so there is time to try it.
    const { rowCount } = await client.query(
      `WITH ended AS (
         UPDATE password_run SET state = 'failed', "serverHas" = 'unknown', code = 'cancelled', "endedAt" = now(), holder = ''
         WHERE "endedAt" IS NULL RETURNING "secretId", candidate
       ), kept AS (
         UPDATE secret_candidate c SET "expiresAt" = now() + interval '24 hours' FROM ended e
         WHERE c."secretId" = e."secretId" AND c.number = e.candidate AND c.outcome IS NULL
       ) SELECT FROM ended`,
    );
    stopped.pausedSchedules = paused.rowCount ?? 0;
    stopped.endedRuns = rowCount ?? 0;
  }
  if (await tableExists(client, "fabric_deletion")) {
    const { rows } = await client.query(
      `UPDATE fabric_deletion d SET "destroyAt" = now() + greatest(d."destroyAt" - d."requestedAt", interval '0')
       FROM fabric f WHERE f.id = d."fabricId"
       RETURNING f.name AS fabric, to_char(d."destroyAt" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') AS "destroyAt"`,
    );
    stopped.postponedDeletions = rows;
  }
  for (const table of ["trashed_secret", "trashed_connection"]) {
    if (!(await tableExists(client, table))) continue;
    const { rowCount } = await client.query(`UPDATE ${table} SET "deletedAt" = now()`);
    stopped.trashed += rowCount ?? 0;
  }
  return stopped;
}
