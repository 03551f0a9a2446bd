import "server-only";
import type { Scope } from "@/lib/access/scope";
import {
  attemptsAt,
  type PausedAttempt,
  pausedUntil,
  refusalCountsForMs,
} from "@/lib/credential-attempts/schema";
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
        refusedAt: { gt: new Date(now.getTime() - refusalCountsForMs) },
      },
      select: { key: true, endpoint: true, refusedAt: true },
    }),
    db.secretVersion.findFirst({
      where: { secretId, fabricId: scope.fabricId },
      orderBy: { version: "desc" },
      select: { createdAt: true },
    }),
  ]);
  const byKey = new Map<string, { destination: string; refusedAt: Date[] }>();
  for (const { key, endpoint, refusedAt } of rows) {
    if (refusedAt === null || (newest && refusedAt < newest.createdAt)) continue;
    const entry = byKey.get(key) ?? { destination: endpoint, refusedAt: [] };
    entry.refusedAt.push(refusedAt);
    byKey.set(key, entry);
  }
  const untilByDestination = new Map<string, Date>();
  for (const { destination, refusedAt } of byKey.values()) {
    const until = pausedUntil(refusedAt, now, attemptsAt(destination));
    if (until !== null && until > (untilByDestination.get(destination) ?? now))
      untilByDestination.set(destination, until);
  }
  return [...untilByDestination].map(([destination, until]) => ({ destination, until }));
}
