import "server-only";
import { db, type Tx } from "@/lib/db/client";
import { type IdempotentRequest, replayForMs } from "@/lib/idempotency/request";

/** Longer than a check takes, including all work around it. */
const pendingForMs = 60_000;

/**
 * Stores a create's result in its own transaction, so that both are saved or neither.
 * A second create with the same key waits for the first and then fails on the unique key. With `isPending`,
 * the caller may still undo the create until it calls `complete`.
 */
export async function reserve(
  tx: Tx,
  request: IdempotentRequest | undefined,
  objectId: string,
  isPending = false,
): Promise<void> {
  if (!request) return;
  const now = Date.now();
  await tx.idempotentCreate.deleteMany({
    where: { key: request.key, createdAt: { lte: new Date(now - replayForMs) } },
  });
  const pendingUntil = isPending ? new Date(now + pendingForMs) : null;
  await tx.idempotentCreate.createMany({ data: [{ ...request, objectId, pendingUntil }] });
}

/** Makes a pending create final. */
export async function complete(request: IdempotentRequest | undefined): Promise<void> {
  if (request)
    await db.idempotentCreate.updateMany({ where: { key: request.key }, data: { pendingUntil: null } });
}

/** Deletes the record of an undone create, so that the caller can retry with the same key. */
export async function release(request: IdempotentRequest | undefined): Promise<void> {
  if (request) await db.idempotentCreate.deleteMany({ where: { key: request.key } });
}
