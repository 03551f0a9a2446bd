import "server-only";
import { db, type Tx } from "@/lib/db/client";
import { type Once, onceForMs } from "@/lib/idempotency/once";

/** Longer than a check takes with all that is around it. */
const pendingForMs = 60_000;

/**
 * Keeps what a create made, in its own transaction: both are there or neither. A second create with the same key waits for
 * the first one, and then fails on the unique key. What `isPending` may still be taken back, until `settleOnce`.
 */
export async function keepOnce(
  tx: Tx,
  once: Once | undefined,
  objectId: string,
  isPending = false,
): Promise<void> {
  if (!once) return;
  const now = Date.now();
  await tx.idempotentCreate.deleteMany({
    where: { key: once.key, createdAt: { lte: new Date(now - onceForMs) } },
  });
  const pendingUntil = isPending ? new Date(now + pendingForMs) : null;
  await tx.idempotentCreate.createMany({ data: [{ ...once, objectId, pendingUntil }] });
}

/** Says that what a create made stays. */
export async function settleOnce(once: Once | undefined): Promise<void> {
  if (once) await db.idempotentCreate.updateMany({ where: { key: once.key }, data: { pendingUntil: null } });
}

/** Forgets a create whose work was taken back, so that it can be tried again with the same key. */
export async function forgetOnce(once: Once | undefined): Promise<void> {
  if (once) await db.idempotentCreate.deleteMany({ where: { key: once.key } });
}
