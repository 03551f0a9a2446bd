import { v7 as uuidv7 } from "uuid";
import { db } from "@/lib/db/client";
import { shownDays } from "@/lib/secrets/schema";

/** How long ago a configuration may have been checked and still be saved as a new connection: an hour. */
const unsavedForMinutes = 60;

/**
 * Deletes days that no page shows, and failing checks of configurations that no connection has. Adds the uses of
 * secrets that an earlier version of web created during an upgrade: it does not write them.
 */
export async function purgeUses(): Promise<void> {
  await db.$executeRaw`
    DELETE FROM secret_read_day WHERE day <= (now() AT TIME ZONE 'UTC')::date - ${shownDays}::int`;
  await db.$executeRaw`
    DELETE FROM failing_check f WHERE "checkedAt" < now() - make_interval(mins => ${unsavedForMinutes}::int)
      AND NOT EXISTS (SELECT FROM connection c WHERE c."fabricId" = f."fabricId" AND c."configHash" = f."configHash")`;
  // Ids are UUIDv7, which begin with the time.
  const dayAgo = uuidv7({ msecs: Date.now() - 24 * 60 * 60_000, seq: 0, random: new Uint8Array(16) });
  // A secret that is being purged is left out: its row could not refer to it any more.
  await db.$executeRaw`
    INSERT INTO secret_use ("secretId", "fabricId", "idleSince")
    SELECT id, "fabricId", "createdAt" FROM secret s
    WHERE id > ${dayAgo} AND NOT EXISTS (SELECT FROM secret_use u WHERE u."secretId" = s.id)
    FOR KEY SHARE OF s SKIP LOCKED
    ON CONFLICT DO NOTHING`;
}
