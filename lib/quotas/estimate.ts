import "server-only";
import type { Tx } from "@/lib/db/client";
import { processState } from "@/lib/process-state";
import type { Quota, QuotaUse } from "@/lib/quotas/schema";
import { countUse, limitOf, ownerOf, type Place } from "@/lib/quotas/usage";

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
/** A count that would be valid for a shorter time is near its limit. */
const minValidMs = 1_000;
const maxKept = 10_000;

/** The use at the last count and what this copy added since; `isNear` when the limit is too close to rely on it. */
export type Estimate = { used: number; until: number; isNear: boolean };
type State = { kept: Map<string, Estimate>; counting: Map<string, Promise<Estimate>> };

const shared = processState<{ quotas: State }>();

function state(): State {
  shared.quotas ??= { kept: new Map(), counting: new Map() };
  return shared.quotas;
}

/** Returns a count that is recent enough to rely on, unless `isNear`. */
export async function estimateUse(place: Place, quota: Quota, tx?: Tx): Promise<Estimate> {
  const { kept } = state();
  const key = `${quota} ${ownerOf(quota, place)}`;
  const recent = kept.get(key);
  if (recent && recent.until > performance.now()) return recent;
  const estimate = await countOnce(key, place, quota, tx);
  if (kept.size >= maxKept) kept.clear();
  kept.set(key, estimate);
  return estimate;
}

/** Counts once for all who ask at the same time, except inside a transaction, which has its own connection. */
async function countOnce(key: string, place: Place, quota: Quota, tx?: Tx): Promise<Estimate> {
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

/** A notice appears from this part of a limit. */
const nearly = 0.9;

/** Those of the quotas of which at least 90 % are used. */
export async function listNearlyUsed(place: Place, which: readonly Quota[]): Promise<QuotaUse[]> {
  const uses = await Promise.all(
    which.map(async (quota) => {
      const { used, isNear } = await estimateUse(place, quota);
      return { quota, used: isNear ? await countUse(quota, place) : used, limit: limitOf(quota) };
    }),
  );
  return uses.filter(({ used, limit }) => used >= nearly * limit);
}
