import "server-only";
import type { Actor } from "@/lib/actor";
import { db } from "@/lib/db/client";

const minuteMs = 60_000;
const idleMs = 12 * 60 * minuteMs;

/** The longest life of a session, however active, in milliseconds. */
export const sessionMaxAgeMs = 7 * 24 * 60 * minuteMs;

/** The filter for sessions that are not revoked, not idle for too long and not too old. */
export function activeSession(now = new Date()) {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  return { revokedAt: null, lastSeenAt: { gte: ago(idleMs) }, createdAt: { gte: ago(sessionMaxAgeMs) } };
}

/**
 * Returns the person of a living session: not signed out, idle for at most 12 hours, at most 7 days old, not
 * locked.
 */
export async function findSessionActor(
  sessionId: string,
  now = new Date(),
): Promise<(Actor & { kind: "user" }) | null> {
  const minuteAgo = new Date(now.getTime() - minuteMs);
  const session = await db.session.findUnique({
    where: {
      id: sessionId,
      ...activeSession(now),
      user: { lockedAt: null },
    },
    select: {
      lastSeenAt: true,
      authenticatedAt: true,
      accessEpoch: true,
      user: { select: { id: true, name: true, email: true, accessEpoch: true } },
    },
  });
  if (!session || session.accessEpoch !== session.user.accessEpoch) return null;
  // Once a minute is accurate enough for the idle limit, and avoids a write for each request.
  if (session.lastSeenAt < minuteAgo)
    await db.session.updateMany({
      where: { id: sessionId, lastSeenAt: { lt: minuteAgo } },
      data: { lastSeenAt: now },
    });
  return { kind: "user", ...session.user, authenticatedAt: session.authenticatedAt };
}
