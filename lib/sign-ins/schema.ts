import { z } from "zod";

/** How many sign-ins may be refused within which time before no further one is tried. */
const limits = [
  { refusals: 2, withinMs: 15 * 60_000 },
  { refusals: 5, withinMs: 24 * 3600_000 },
] as const;

/** How long a refused sign-in counts at all. */
export const remembersMs = 24 * 3600_000;

/** Until when no sign-in is tried after these refusals; null when one may be. */
export function pausedUntil(refusedAt: readonly Date[], now: Date): Date | null {
  const newestFirst = refusedAt.map((at) => at.getTime()).sort((a, b) => b - a);
  const ends = limits.map(({ refusals, withinMs }) => (newestFirst[refusals - 1] ?? 0) + withinMs);
  const end = Math.max(...ends);
  return end > now.getTime() ? new Date(end) : null;
}

/** True when one more may be tried while `underWay` others have no answer yet, since each of them may be refused. */
export function hasRoom(refusedAt: readonly Date[], underWay: number, now: Date): boolean {
  return pausedUntil([...refusedAt, ...Array<Date>(underWay).fill(now)], now) === null;
}

/** A place where a secret's sign-ins were refused too often. */
export type PausedSignIn = { place: string; until: Date };

export const resetSignInsInput = z.object({ secretId: z.string().max(64) });
