import "server-only";
import type { Actor } from "@/lib/actor";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

/** How much of a person's access ended, for the record and for whoever ended it. */
export type EndedAccess = { sessions: number; accessTokens: number; invitations: number };

type By = AuditEntry["actor"];

/**
 * Ends all that a person could act by: sessions, access tokens, open invitations of theirs, and what waits for their review.
 * Whatever changes a password, locks, or removes a person calls this. Nothing brings it back: an unlock does not.
 */
export async function endAccess(tx: Tx, by: By, userId: string): Promise<EndedAccess> {
  const invitations = await suspendAccess(tx, by, userId);
  const alive = { userId, revokedAt: null };
  const revokedAt = new Date();
  const sessions = await tx.session.updateMany({ where: alive, data: { revokedAt } });
  const accessTokens = await tx.accessToken.updateMany({
    where: alive,
    data: { revokedAt, revokedByName: by.id === userId ? null : by.name },
  });
  // Nor does a review offer what a request under way stores later.
  await tx.$executeRaw`
    UPDATE account_review r SET "passwordHash" = NULL, "fromEpoch" = u."accessEpoch"
    FROM app_user u WHERE u.id = r."userId" AND r."userId" = ${userId}`;
  return { sessions: sessions.count, accessTokens: accessTokens.count, invitations };
}

/**
 * Stops a person's sessions and access tokens, those too that a request under way is about to store, and withdraws their open
 * invitations. `endAccess` is the end for good; a review by the owner may give single ones back.
 */
export async function suspendAccess(tx: Tx, by: By, userId: string): Promise<number> {
  // What automate stores for this person at this moment is there afterwards, for whoever then ends that as well.
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${accessLock(userId)}, 0))`;
  await tx.user.updateMany({ where: { id: userId }, data: { accessEpoch: { increment: 1 } } });
  const where = { createdById: userId, usedAt: null };
  const open = await tx.invitation.findMany({ where, select: { id: true, email: true, teamId: true } });
  await tx.invitation.deleteMany({ where: { ...where, id: { in: open.map(({ id }) => id) } } });
  await record(
    tx,
    ...open.map(({ id, email, teamId }): AuditEntry => {
      const object = { kind: "user" as const, id, name: email };
      return { actor: by, teamId, fabricId: null, action: "team.uninvite", object };
    }),
  );
  return open.length;
}

/**
 * False when the person's access ended since their request began. Whoever ends it waits for the caller's transaction, and so finds
 * what it stores.
 */
export async function hasAccessStill(tx: Tx, actor: Actor): Promise<boolean> {
  if (actor.kind !== "user") return false;
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM app_user WHERE id = ${actor.id} AND "lockedAt" IS NULL AND "accessEpoch" = ${actor.accessEpoch}
    FOR SHARE`;
  return rows.length > 0;
}

/**
 * `hasAccessStill` for automate, which may lock no row of a person: it takes an advisory lock, and whoever ends the access waits
 * for that too.
 */
export async function holdAccess(tx: Tx, actor: Actor & { kind: "user" }): Promise<boolean> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${accessLock(actor.id)}, 0))`;
  const { id, accessEpoch } = actor;
  return (await tx.user.count({ where: { id, accessEpoch, lockedAt: null } })) > 0;
}

function accessLock(userId: string): string {
  return `access:${userId}`;
}
