import "server-only";
import { findReview } from "@/lib/account-review/queries";
import type { DecideReviewInput } from "@/lib/account-review/schema";
import type { Actor } from "@/lib/actor";
import { type AuditEntry, record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import { NotFound, ok, type Result } from "@/lib/result";

/**
 * Restores the parts of an account that its owner confirmed, and ends the rest for good. Ids that were not
 * held are ignored.
 */
export async function decideReview(actor: Actor, keep: DecideReviewInput): Promise<Result<null, never>> {
  const { id: userId, name } = actor;
  await db.$transaction(async (tx) => {
    // Locks the review, so that the second of two concurrent decisions finds none.
    await tx.$queryRaw`SELECT 1 FROM account_review WHERE "userId" = ${userId} FOR UPDATE`;
    const review = await findReview(userId, tx);
    const held = await tx.accountReview.findUnique({
      where: { userId },
      select: { passwordHash: true, user: { select: { accessEpoch: true } } },
    });
    if (!review || !held) throw new NotFound("Account review not found.");
    // Removes the held memberships first: the owner cannot confirm one that an Admin removed meanwhile.
    const removed = await tx.$queryRaw<{ teamId: string }[]>`
      DELETE FROM held_membership WHERE "userId" = ${userId} RETURNING "teamId"`;
    const memberships = review.memberships.filter((one) =>
      removed.some(({ teamId }) => teamId === one.teamId),
    );
    const { passwordHash, user } = held;
    if (keep.keepPassword && passwordHash)
      await tx.user.updateMany({ where: { id: userId, passwordHash: null }, data: { passwordHash } });

    const sessions = confirmedIds(review.sessions, keep.sessionIds);
    const tokens = confirmedIds(review.accessTokens, keep.accessTokenIds);
    const { accessEpoch } = user;
    await tx.session.updateMany({ where: { id: { in: sessions }, userId }, data: { accessEpoch } });
    await tx.accessToken.updateMany({ where: { id: { in: tokens }, userId }, data: { accessEpoch } });
    const unconfirmed = { userId, revokedAt: null, accessEpoch: { lt: accessEpoch } };
    const endedSessions = await tx.session.updateMany({
      where: unconfirmed,
      data: { revokedAt: new Date() },
    });
    const endedTokens = await tx.accessToken.updateMany({
      where: unconfirmed,
      data: { revokedAt: new Date() },
    });

    const identities = await tx.heldIdentity.findMany({
      where: { userId, id: { in: keep.identityIds } },
      select: { userId: true, issuer: true, subject: true, createdAt: true },
    });
    // Skips an identity that another account got meanwhile.
    const restored = await tx.identity.createMany({ data: identities, skipDuplicates: true });
    await tx.heldIdentity.deleteMany({ where: { userId } });
    const confirmed = memberships.filter(({ teamId }) => keep.teamIds.includes(teamId));
    await tx.membership.createMany({
      data: confirmed.map(({ teamId, role, since }) => ({ teamId, userId, role, createdAt: since })),
      skipDuplicates: true,
    });
    await tx.accountReview.deleteMany({ where: { userId } });
    await record(
      tx,
      ...memberships.map(({ teamId, teamName, role }): AuditEntry => {
        const action = confirmed.some((one) => one.teamId === teamId) ? "team.confirm" : "team.leave";
        const object = { kind: "team" as const, id: teamId, name: teamName };
        return { actor, teamId, fabricId: null, action, object, details: { role } };
      }),
      {
        actor,
        teamId: null,
        fabricId: null,
        action: "user.review",
        object: { kind: "user", id: userId, name },
        details: {
          keptPassword: keep.keepPassword && passwordHash !== null,
          keptSessions: sessions.length,
          keptAccessTokens: tokens.length,
          keptIdentities: restored.count,
          keptMemberships: confirmed.length,
          sessions: endedSessions.count,
          accessTokens: endedTokens.count,
          identities: review.identities.length - restored.count,
          memberships: memberships.length - confirmed.length,
        },
      },
    );
  });
  return ok(null);
}

function confirmedIds(rows: readonly { id: string }[], ids: readonly string[]): string[] {
  return rows.map(({ id }) => id).filter((id) => ids.includes(id));
}
