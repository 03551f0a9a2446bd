import "server-only";
import { db } from "@/lib/db/client";
import { type IdempotentRequest, replayForMs } from "@/lib/idempotency/request";

/** What there is of a create: what it made; that it is being done; or that it ended in the middle, and what it left. */
export type Found = { state: "done" | "under_way" | "abandoned"; objectId: string };

/** What a create with this key came to in the last day: `null` when there was none, `"other_body"` when it was another request. */
export async function findIdempotentRequest({
  key,
  bodyMac,
}: IdempotentRequest): Promise<Found | "other_body" | null> {
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
