import "server-only";
import { db } from "@/lib/db/client";

/**
 * The time until which the owner of the database removed events, of all fabrics; null when none were. The removal
 * is itself an event, of no fabric.
 */
export async function findRemovedUntil(): Promise<Date | null> {
  const [removal] = await db.$queryRaw<{ until: Date | null }[]>`
    SELECT max((details->>'to')::timestamptz) AS until FROM audit_event
    WHERE "fabricId" IS NULL AND "objectId" = 'activity' AND action = 'activity.remove'`;
  return removal?.until ?? null;
}
