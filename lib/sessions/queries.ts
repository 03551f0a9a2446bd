import "server-only";
import type { Actor } from "@/lib/access/scope";
import { db } from "@/lib/db";

const minuteMs = 60_000;
const idleMs = 12 * 60 * minuteMs;

/** How long a session lasts at most, however busy it is. */
export const sessionMaxAgeMs = 7 * 24 * 60 * minuteMs;

/** The person of a living session: not signed out, idle for no more than 12 hours, 7 days old at most, not locked. */
export async function findSessionActor(
  sessionId: string,
  now = new Date(),
): Promise<(Actor & { kind: "user" }) | null> {
  const ago = (ms: number) => new Date(now.getTime() - ms);
  const session = await db.session.findUnique({
    where: {
      id: sessionId,
      revokedAt: null,
      lastSeenAt: { gte: ago(idleMs) },
      createdAt: { gte: ago(sessionMaxAgeMs) },
      user: { lockedAt: null },
    },
    select: {
      lastSeenAt: true,
      authenticatedAt: true,
      user: { select: { id: true, name: true, email: true } },
    },
  });
  if (!session) return null;
  // Once a minute is enough to tell idle from busy, and spares a write for each request.
  if (session.lastSeenAt < ago(minuteMs))
    await db.session.updateMany({
      where: { id: sessionId, lastSeenAt: { lt: ago(minuteMs) } },
      data: { lastSeenAt: now },
    });
  return { kind: "user", ...session.user, authenticatedAt: session.authenticatedAt };
}
