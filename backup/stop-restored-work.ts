import type { Client } from "pg";
import { tableExists } from "@/backup/tables";

/** The work that a restore paused or postponed, for the operator to decide. */
export type StoppedWork = {
  pausedRotations: number;
  postponedDeletions: { fabric: string; destroyAt: string }[];
  /** Deleted secrets and connections, which have their whole time in the trash again. */
  trashed: number;
};

/**
 * Stops work that automate would continue in a restored database: a key rotation waits until somebody resumes it,
 * and a fabric that was to be destroyed and what is in the trash have their whole time again, since somebody may have
 * undone that after the backup. Part of the transaction that fills the tables, on the backup's own schema.
 */
export async function stopRestoredWork(client: Client): Promise<StoppedWork> {
  const stopped: StoppedWork = { pausedRotations: 0, postponedDeletions: [], trashed: 0 };
  if (await tableExists(client, "key_rotation")) {
    const { rowCount } = await client.query(
      `UPDATE key_rotation SET state = 'paused', holder = '', "leasedUntil" = now(),
         "lastError" = 'Paused by the restore of a backup.' WHERE state = 'running'`,
    );
    stopped.pausedRotations = rowCount ?? 0;
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
