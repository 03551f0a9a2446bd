import { z } from "zod";

/** How many sign-ins may be refused within which time before no further one is tried. */
const limits = [
  { refusals: 2, withinMs: 15 * 60_000 },
  { refusals: 5, withinMs: 24 * 3600_000 },
] as const;

/** How long a refused sign-in counts at all. */
export const remembersMs = 24 * 3600_000;

/** Until when no sign-in of so many `tries` begins after these refusals; null when one may. */
export function pausedUntil(refusedAt: readonly Date[], now: Date, tries = 1): Date | null {
  const newestFirst = refusedAt.map((at) => at.getTime()).sort((a, b) => b - a);
  const ends = limits.map(({ refusals, withinMs }) => (newestFirst[refusals - tries] ?? 0) + withinMs);
  const end = Math.max(...ends);
  return end > now.getTime() ? new Date(end) : null;
}

/** True when another may begin while `underWay` others have no answer yet, since each of them may be refused. */
export function hasRoom(refusedAt: readonly Date[], underWay: number, now: Date, tries = 1): boolean {
  return pausedUntil([...refusedAt, ...Array<Date>(underWay).fill(now)], now, tries) === null;
}

/** How often one sign-in may ask there: a token endpoint once with the secret in the header, once with it in the body. */
export function triesAt(place: string): number {
  return place.startsWith("oauth-token://") ? 2 : 1;
}

/** A place where a secret's sign-ins were refused too often. */
export type PausedAttempt = { place: string; until: Date };

export const resetAttemptsInput = z.object({ secretId: z.string().max(64) });
