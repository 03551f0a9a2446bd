import "server-only";
import type { Actor } from "@/lib/actor";
import { db } from "@/lib/db/client";

const minuteMs = 60_000;
const idleMs = 12 * 60 * minuteMs;

/** How long a session lasts at most, however busy it is. */
export const sessionMaxAgeMs = 7 * 24 * 60 * minuteMs;

/** What is true of each session that has neither ended nor been idle or kept for too long. */
export function livingSession(now = new Date()) {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  return { revokedAt: null, lastSeenAt: { gte: ago(idleMs) }, createdAt: { gte: ago(sessionMaxAgeMs) } };
}

/** The person of a living session: not signed out, idle for no more than 12 hours, 7 days old at most, not locked. */
export async function findSessionActor(
  sessionId: string,
  now = new Date(),
): Promise<(Actor & { kind: "user" }) | null> {
  const minuteAgo = new Date(now.getTime() - minuteMs);
  const session = await db.session.findUnique({
    where: {
      id: sessionId,
      ...livingSession(now),
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
  // IdempotentRequest a minute is enough to tell idle from busy, and spares a write for each request.
  if (session.lastSeenAt < minuteAgo)
    await db.session.updateMany({
      where: { id: sessionId, lastSeenAt: { lt: minuteAgo } },
      data: { lastSeenAt: now },
    });
  return { kind: "user", ...session.user, authenticatedAt: session.authenticatedAt };
}
