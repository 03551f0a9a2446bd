import * as z from "zod";

/** Sign-ins pause after this many refusals within this time, so that checks do not lock an account. */
const limits = [
  { refusals: 2, withinMs: 15 * 60_000 },
  { refusals: 5, withinMs: 24 * 3600_000 },
] as const;

/** How long a refused sign-in counts, in milliseconds. */
export const refusalCountsForMs = 24 * 3600_000;

/** Until when sign-ins of `attempts` attempts are paused after these refusals; null when they are not. */
export function pausedUntil(refusedAt: readonly Date[], now: Date, attempts = 1): Date | null {
  const newestFirst = refusedAt.map((at) => at.getTime()).sort((a, b) => b - a);
  const ends = limits.map(({ refusals, withinMs }) => (newestFirst[refusals - attempts] ?? 0) + withinMs);
  const end = Math.max(...ends);
  return end > now.getTime() ? new Date(end) : null;
}

/**
 * True when another sign-in may start while `underWay` others have no answer yet. Assumes that all of them
 * are refused.
 */
export function mayAttempt(refusedAt: readonly Date[], underWay: number, now: Date, attempts = 1): boolean {
  return pausedUntil([...refusedAt, ...Array<Date>(underWay).fill(now)], now, attempts) === null;
}

/**
 * The attempts of one sign-in. At a token endpoint two: the client secret in the header, then in the body.
 */
export function attemptsAt(destination: string): number {
  return destination.startsWith("oauth-token://") ? 2 : 1;
}

/** A destination where a secret's sign-ins were refused too often. */
export type PausedAttempt = { destination: string; until: Date };

export const resetAttemptsInput = z.object({ secretId: z.string().max(64) });

/** Stands for the secret in the attempts of its candidates and former values, which say nothing about its current one. */
export function ofOtherValue(secretId: string): string {
  return `${secretId}.candidate`;
}
