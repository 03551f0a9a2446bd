import "server-only";
import { db } from "@/lib/db";
import { type Once, onceForMs } from "@/lib/idempotency/once";

/** What a create with this key made in the last day: `null` when there was none, `"other_body"` when it was another request. */
export async function findOnce({ key, bodyMac }: Once): Promise<{ objectId: string } | "other_body" | null> {
  const row = await db.idempotentCreate.findFirst({
    where: { key, createdAt: { gt: new Date(Date.now() - onceForMs) } },
    select: { bodyMac: true, objectId: true },
  });
  if (!row) return null;
  return row.bodyMac === bodyMac ? { objectId: row.objectId } : "other_body";
}
