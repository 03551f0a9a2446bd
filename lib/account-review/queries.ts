import "server-only";
import { activeToken } from "@/lib/access/active-token";
import type { AccountReview } from "@/lib/account-review/schema";
import { type Db, db, type Tx } from "@/lib/db/client";
import { activeSession } from "@/lib/sessions/queries";

/** Whether the person must still decide which parts of their account to keep. */
export async function hasReview(userId: string): Promise<boolean> {
  return (await db.accountReview.count({ where: { userId } })) > 0;
}

/** Returns the person's pending review, or null. */
export async function findReview(userId: string, tx: Tx | Db = db): Promise<AccountReview | null> {
  const review = await tx.accountReview.findUnique({
    where: { userId },
    select: { passwordHash: true, fromEpoch: true, user: { select: { accessEpoch: true } } },
  });
  if (!review) return null;
  const { passwordHash, fromEpoch, user } = review;
  const accessEpoch = { gte: fromEpoch, lt: user.accessEpoch };
  const [memberships, identities, sessions, accessTokens] = await Promise.all([
    tx.heldMembership.findMany({
      where: { userId },
      orderBy: { team: { nameKey: "asc" } },
      select: { teamId: true, role: true, createdAt: true, team: { select: { name: true } } },
    }),
    tx.heldIdentity.findMany({
      where: { userId },
      orderBy: { id: "asc" },
      select: { id: true, issuer: true, createdAt: true },
    }),
    tx.session.findMany({
      where: { userId, ...activeSession(), accessEpoch },
      orderBy: { id: "desc" },
      take: 100,
      select: { id: true, createdAt: true, lastSeenAt: true },
    }),
    tx.accessToken.findMany({
      where: {
        userId,
        accessEpoch,
        ...activeToken(),
      },
      orderBy: { id: "desc" },
      take: 200,
      select: { id: true, name: true, createdAt: true, lastUsedAt: true },
    }),
  ]);
  return {
    hasPassword: passwordHash !== null,
    memberships: memberships.map(({ teamId, role, createdAt, team }) => ({
      teamId,
      teamName: team.name,
      role,
      since: createdAt,
    })),
    identities,
    sessions,
    accessTokens,
  };
}
