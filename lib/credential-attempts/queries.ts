import "server-only";
import type { Scope } from "@/lib/access/scope";
import {
  attemptsAt,
  ofOtherValue,
  type PausedAttempt,
  pausedUntil,
  refusalCountsForMs,
} from "@/lib/credential-attempts/schema";
import { db } from "@/lib/db/client";

/**
 * The destinations where sign-ins with this secret are paused, and until when. A newer value ends a pause. One that was
 * refused before it became current, as a candidate or a former value, keeps its own.
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
        secretIds: { hasSome: [secretId, ofOtherValue(secretId)] },
        refusedAt: { gt: new Date(now.getTime() - refusalCountsForMs) },
      },
      select: { key: true, endpoint: true, refusedAt: true, secretIds: true },
    }),
    db.secretVersion.findFirst({
      where: { secretId, fabricId: scope.fabricId },
      orderBy: { version: "desc" },
      select: { version: true, createdAt: true },
    }),
  ]);
  const settled =
    newest && (await db.settledVersion.findFirst({ where: { secretId, version: newest.version } }));
  const wasTriedBefore = settled?.origin != null;
  const byKey = new Map<string, { destination: string; refusedAt: Date[] }>();
  for (const { key, endpoint, refusedAt, secretIds } of rows) {
    if (refusedAt === null || !newest) continue;
    const isBefore = refusedAt < newest.createdAt;
    const isOfCurrent = secretIds.includes(secretId) ? !isBefore : isBefore && wasTriedBefore;
    if (!isOfCurrent) continue;
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
