import "server-only";
import { db } from "@/lib/db/client";
import { type IdempotentRequest, replayForMs } from "@/lib/idempotency/request";

/** An earlier create: finished, in progress, or abandoned midway. `objectId` is the object that it made. */
export type StoredCreate = { state: "done" | "under_way" | "abandoned"; objectId: string };

/**
 * Finds a create with this key in the last day. Returns `null` when none exists, and `"other_body"` when its
 * body was different.
 */
export async function findIdempotentRequest({
  key,
  bodyMac,
}: IdempotentRequest): Promise<StoredCreate | "other_body" | null> {
  const row = await db.idempotentCreate.findFirst({
    where: { key, createdAt: { gt: new Date(Date.now() - replayForMs) } },
    select: { bodyMac: true, objectId: true, pendingUntil: true },
  });
  if (!row) return null;
  if (row.bodyMac !== bodyMac) return "other_body";
  const { objectId, pendingUntil } = row;
  if (pendingUntil === null) return { state: "done", objectId };
  return { state: pendingUntil.getTime() > Date.now() ? "under_way" : "abandoned", objectId };
}
