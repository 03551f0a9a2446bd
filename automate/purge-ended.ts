import { db } from "@/lib/db/client";

/** How long a pipeline token that was revoked or has expired stays in lists, in days. Its events stay. */
export const endedTokenDays = 400;
/** How long the results of checks of settings that no connection has any more stay, in days. */
export const deadCheckDays = 30;
const rowsAtOnce = 20_000;

/** Deletes pipeline tokens that ended long ago. */
export async function purgeEndedTokens(): Promise<void> {
  const ended = new Date(Date.now() - endedTokenDays * 86_400_000);
  await db.pipelineToken.deleteMany({
    where: { OR: [{ revokedAt: { lt: ended } }, { expiresAt: { lt: ended } }] },
  });
}

/**
 * Deletes old results of checks of settings that no connection has, in the trash or not: of unsaved connections, of
 * settings that were changed since, and of deleted connections.
 */
export async function purgeDeadChecks(): Promise<void> {
  let deleted: number;
  do {
    deleted = await db.$executeRaw`
      DELETE FROM connection_check WHERE ctid = ANY(ARRAY(
        SELECT k.ctid FROM connection_check k
        WHERE k."checkedAt" < now() - make_interval(days => ${deadCheckDays}::int)
          AND NOT EXISTS (SELECT FROM connection c WHERE c."fabricId" = k."fabricId" AND c."configHash" = k."configHash")
          AND NOT EXISTS (SELECT FROM trashed_connection t WHERE t."fabricId" = k."fabricId" AND t."configHash" = k."configHash")
        LIMIT ${rowsAtOnce}::int))`;
  } while (deleted === rowsAtOnce);
}
