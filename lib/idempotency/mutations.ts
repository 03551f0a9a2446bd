import "server-only";
import { db, type Tx } from "@/lib/db/client";
import { type IdempotentRequest, replayForMs } from "@/lib/idempotency/request";

/** Longer than a check takes with all that is around it. */
const pendingForMs = 60_000;

/**
 * Keeps what a create made, in its own transaction: both are there or neither. A second create with the same key waits for
 * the first one, and then fails on the unique key. What `isPending` may still be taken back, until `complete`.
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

/** Says that what a create made stays. */
export async function complete(request: IdempotentRequest | undefined): Promise<void> {
  if (request)
    await db.idempotentCreate.updateMany({ where: { key: request.key }, data: { pendingUntil: null } });
}

/** Forgets a create whose work was taken back, so that it can be tried again with the same key. */
export async function release(request: IdempotentRequest | undefined): Promise<void> {
  if (request) await db.idempotentCreate.deleteMany({ where: { key: request.key } });
}
