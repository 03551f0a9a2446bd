import "server-only";
import { db, type Tx } from "@/lib/db/client";
import { exceededText, type Quota } from "@/lib/quotas/schema";
import { countUse, limitOf, ownerOf, type Place } from "@/lib/quotas/usage";
import { QuotaExceeded } from "@/lib/result";

/** What a write adds, by quota: rows, or MiB. */
export type Addition = Readonly<Partial<Record<Quota, number>>>;

/**
 * The most that all copies of web together add in a second. A count stays valid until even they could have used
 * up the rest of the limit.
 */
const addedPerSecond: Readonly<Record<Quota, number>> = {
  fabrics: 100,
  secrets: 2_000,
  connections: 2_000,
  storedByFabric: 256,
  storedByTeam: 256,
};
const maxValidMs = 60_000;
/** A count that is valid for a shorter time is not kept. */
const minValidMs = 1_000;
const maxKept = 10_000;

/** The use at the last count and what this copy added since; `isNear` when the limit is too close to rely on it. */
type Estimate = { used: number; until: number; isNear: boolean };
type State = { kept: Map<string, Estimate>; counting: Map<string, Promise<Estimate>> };

// One state for the process: Next loads this module once per bundle, and once more for the management API.
const shared = globalThis as typeof globalThis & { selvageQuotas?: State };

function state(): State {
  shared.selvageQuotas ??= { kept: new Map(), counting: new Map() };
  return shared.selvageQuotas;
}

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
  const { kept } = state();
  const key = `${quota} ${ownerOf(quota, place)}`;
  let estimate = kept.get(key);
  if (!estimate || estimate.until <= performance.now()) {
    estimate = await estimateOf(key, quota, place, tx);
    if (kept.size >= maxKept) kept.clear();
    kept.set(key, estimate);
  }
  if (estimate.isNear || estimate.used + added > limitOf(quota)) return false;
  estimate.used += added;
  return true;
}

/** Counts once for all who ask at the same time, except inside a transaction, which has its own connection. */
async function estimateOf(key: string, quota: Quota, place: Place, tx?: Tx): Promise<Estimate> {
  if (tx) return newEstimate(quota, place, tx);
  const { counting } = state();
  const pending = counting.get(key) ?? newEstimate(quota, place);
  counting.set(key, pending);
  return pending.finally(() => counting.delete(key));
}

async function newEstimate(quota: Quota, place: Place, tx?: Tx): Promise<Estimate> {
  const startedAt = performance.now();
  const used = await countUse(quota, place, tx);
  const validMs = Math.min(maxValidMs, ((limitOf(quota) - used) / addedPerSecond[quota]) * 1_000);
  const isNear = validMs < minValidMs;
  return { used, until: startedAt + (isNear ? minValidMs : validMs), isNear };
}

/** Rows are exact. MiB may be exceeded by what is written at the same moment: a second lock could deadlock. */
const locked: readonly Quota[] = ["fabrics", "secrets", "connections"];

async function requireRoom(tx: Tx, place: Place, quota: Quota, added: number): Promise<void> {
  const key = `quota ${quota} ${ownerOf(quota, place)}`;
  if (locked.includes(quota)) await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
  const limit = limitOf(quota);
  if ((await countUse(quota, place, tx)) + added > limit) throw new QuotaExceeded(exceededText(quota, limit));
}
