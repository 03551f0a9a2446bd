import type { Client } from "pg";
import { tableExists } from "@/backup/tables";
import { commandLine } from "@/lib/users/provision";

type Counts = { sessions: number; accessTokens: number; invitations: number; entryLinks: number };
/** The access that a restore ended, and access that works again although it may have been revoked since the backup. */
export type EndedByRestore = {
  counts: Counts;
  pipelineTokens: { name: string; fabric: string; createdBy: string }[];
  trustedIssuers: { name: string; issuer: string; fabric: string }[];
};

/**
 * Ends the sessions, access tokens, pending invitations and open entry links that a backup brings back, unless
 * `keepAccess`: some of them have ended since. Part of the transaction that fills the tables, on the backup's own
 * schema.
 *
 * Used request ids, creates by an `Idempotency-Key` and refused sign-ins stay as they were: they belong to the
 * rows of the same moment.
 */
export async function endRestoredAccess(client: Client, keepAccess: boolean): Promise<EndedByRestore> {
  const counts: Counts = { sessions: 0, accessTokens: 0, invitations: 0, entryLinks: 0 };
  const run = async (sql: string, values: unknown[] = []) => (await client.query(sql, values)).rowCount ?? 0;
  if (!keepAccess) {
    await run(`UPDATE app_user SET "accessEpoch" = "accessEpoch" + 1`);
    counts.sessions = await run(`UPDATE session SET "revokedAt" = now() WHERE "revokedAt" IS NULL`);
    counts.accessTokens = await run(
      `UPDATE access_token SET "revokedAt" = now(), "revokedByName" = $1 WHERE "revokedAt" IS NULL`,
      [commandLine.name],
    );
    counts.invitations = await run(`DELETE FROM invitation WHERE "usedAt" IS NULL`);
    if (await tableExists(client, "entry_link"))
      counts.entryLinks = await run(
        `UPDATE entry_link l SET "revokedAt" = now(), "revokedByName" = $1
         WHERE "revokedAt" IS NULL AND NOT EXISTS (SELECT FROM entry_link_use u WHERE u."linkId" = l.id)`,
        [commandLine.name],
      );
    await run(
      `UPDATE account_review r SET "passwordHash" = NULL, "fromEpoch" = u."accessEpoch"
       FROM app_user u WHERE u.id = r."userId"`,
    );
  }
  const tokens = await client.query(
    `SELECT t.name, coalesce(f.name, t."fabricId") AS fabric, t."createdByName" AS "createdBy"
     FROM pipeline_token t LEFT JOIN fabric f ON f.id = t."fabricId"
     WHERE t."revokedAt" IS NULL AND (t."expiresAt" IS NULL OR t."expiresAt" > now()) ORDER BY 2, 1`,
  );
  const issuers = await client.query(
    `SELECT i.name, i.issuer, coalesce(f.name, i."fabricId") AS fabric
     FROM trusted_issuer i LEFT JOIN fabric f ON f.id = i."fabricId" ORDER BY 3, 1`,
  );
  return { counts, pipelineTokens: tokens.rows, trustedIssuers: issuers.rows };
}
