import "server-only";
import { db, type Tx } from "@/lib/db/client";
import { estimateUse } from "@/lib/quotas/estimate";
import { exceededText, type Quota } from "@/lib/quotas/schema";
import { countUse, limitOf, ownerOf, type Place } from "@/lib/quotas/usage";
import { QuotaExceeded } from "@/lib/result";

/** The rows or MiB that a write adds to each quota. */
export type Addition = Readonly<Partial<Record<Quota, number>>>;

/**
 * Runs a write that adds to quotas. Throws `QuotaExceeded` when a limit does not allow it.
 *
 * Far below the limits, it relies on a recent count, so that most writes cost no statement. Near a limit it
 * counts inside the write's transaction: rows under a lock, so that concurrent writes cannot exceed it together.
 * `write` gets `tx`, or a new transaction if one is needed.
 */
export async function withinQuotas<T>(
  place: Place,
  addition: Addition,
  write: (tx?: Tx) => Promise<T>,
  tx?: Tx,
): Promise<T> {
  const parts = Object.entries(addition) as [Quota, number][];
  const near: [Quota, number][] = [];
  for (const part of parts) if (!(await hasPlenty(place, ...part, tx))) near.push(part);
  if (near.length === 0) return write(tx);
  const exact = async (within: Tx) => {
    for (const part of near) await requireRoom(within, place, ...part);
    return write(within);
  };
  return tx ? exact(tx) : db.$transaction(exact);
}

async function hasPlenty(place: Place, quota: Quota, added: number, tx?: Tx): Promise<boolean> {
  const estimate = await estimateUse(place, quota, tx);
  if (estimate.isNear || estimate.used + added > limitOf(quota)) return false;
  estimate.used += added;
  return true;
}

/** Rows are exact. MiB may be exceeded by what is written at the same moment: a second lock could deadlock. */
const locked: readonly Quota[] = ["fabrics", "secrets", "connections"];

async function requireRoom(tx: Tx, place: Place, quota: Quota, added: number): Promise<void> {
  const key = `quota ${quota} ${ownerOf(quota, place)}`;
  if (locked.includes(quota)) await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
  const limit = limitOf(quota);
  if ((await countUse(quota, place, tx)) + added > limit) throw new QuotaExceeded(exceededText(quota, limit));
}
