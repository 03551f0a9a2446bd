import "server-only";
import { db, type Tx } from "@/lib/db";
import { type Once, onceForMs } from "@/lib/idempotency/once";

/**
 * Keeps what a create made, in its own transaction: both are there or neither. A second create with the same key waits for
 * the first one, and then fails on the unique key.
 */
export async function keepOnce(tx: Tx, once: Once | undefined, objectId: string): Promise<void> {
  if (!once) return;
  await tx.idempotentCreate.deleteMany({
    where: { key: once.key, createdAt: { lte: new Date(Date.now() - onceForMs) } },
  });
  await tx.idempotentCreate.createMany({ data: [{ ...once, objectId }] });
}

/** Forgets a create whose work was taken back, so that it can be tried again with the same key. */
export async function forgetOnce(once: Once | undefined): Promise<void> {
  if (once) await db.idempotentCreate.deleteMany({ where: { key: once.key } });
}
