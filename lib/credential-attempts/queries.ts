import "server-only";
import type { Scope } from "@/lib/access/scope";
import { type PausedAttempt, pausedUntil, remembersMs, triesAt } from "@/lib/credential-attempts/schema";
import { db } from "@/lib/db/client";

/**
 * The destinations where sign-ins with this secret are paused, and until when. A newer value ends a pause.
 */
export async function listPausedAttempts(
  scope: Scope<"secret:list">,
  secretId: string,
): Promise<PausedAttempt[]> {
  const now = new Date();
  const [rows, newest] = await Promise.all([
    db.signInAttempt.findMany({
      where: {
        fabricId: scope.fabricId,
        secretIds: { has: secretId },
        refusedAt: { gt: new Date(now.getTime() - remembersMs) },
      },
      select: { key: true, place: true, refusedAt: true },
    }),
    db.secretVersion.findFirst({
      where: { secretId, fabricId: scope.fabricId },
      orderBy: { version: "desc" },
      select: { createdAt: true },
    }),
  ]);
  const byKey = new Map<string, { place: string; refusedAt: Date[] }>();
  for (const { key, place, refusedAt } of rows) {
    if (refusedAt === null || (newest && refusedAt < newest.createdAt)) continue;
    const entry = byKey.get(key) ?? { place, refusedAt: [] };
    entry.refusedAt.push(refusedAt);
    byKey.set(key, entry);
  }
  const untilByPlace = new Map<string, Date>();
  for (const { place, refusedAt } of byKey.values()) {
    const until = pausedUntil(refusedAt, now, triesAt(place));
    if (until !== null && until > (untilByPlace.get(place) ?? now)) untilByPlace.set(place, until);
  }
  return [...untilByPlace].map(([place, until]) => ({ place, until }));
}
