import "server-only";
import type { Actor } from "@/lib/actor";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

/** How much of a person's access ended. */
export type EndedAccess = { sessions: number; accessTokens: number; invitations: number };

type By = AuditEntry["actor"];

/**
 * Ends a person's access for good: sessions, access tokens, their pending invitations and their pending review.
 * An unlock does not restore it.
 * All code that changes a password, or locks or removes a person, must call this.
 */
export async function endAccess(tx: Tx, by: By, userId: string): Promise<EndedAccess> {
  const invitations = await suspendAccess(tx, by, userId);
  const active = { userId, revokedAt: null };
  const revokedAt = new Date();
  const sessions = await tx.session.updateMany({ where: active, data: { revokedAt } });
  const accessTokens = await tx.accessToken.updateMany({
    where: active,
    data: { revokedAt, revokedByName: by.id === userId ? null : by.name },
  });
  // Also raises the review's epoch, so that it never offers anything that a request in flight stores later.
  await tx.$executeRaw`
    UPDATE account_review r SET "passwordHash" = NULL, "fromEpoch" = u."accessEpoch"
    FROM app_user u WHERE u.id = r."userId" AND r."userId" = ${userId}`;
  return { sessions: sessions.count, accessTokens: accessTokens.count, invitations };
}

/**
 * Stops a person's sessions and access tokens, including those that a request in flight is about to store.
 * Withdraws their pending invitations.
 * Unlike after `endAccess`, the owner's review can restore parts.
 */
export async function suspendAccess(tx: Tx, by: By, userId: string): Promise<number> {
  // Waits until automate has stored its pending rows for this person, so that the caller finds and ends those
  // too.
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
 * False when the person's access ended since their request began. Locks the person's row: code that ends the
 * access waits for this transaction, and so finds its rows.
 */
export async function hasCurrentAccess(tx: Tx, actor: Actor): Promise<boolean> {
  if (actor.kind !== "user") return false;
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM app_user WHERE id = ${actor.id} AND "lockedAt" IS NULL AND "accessEpoch" = ${actor.accessEpoch}
    FOR SHARE`;
  return rows.length > 0;
}

/**
 * `hasCurrentAccess` for automate, which may not lock a person's row. Takes an advisory lock instead, which
 * code that ends the access waits for too.
 */
export async function lockAccess(tx: Tx, actor: Actor & { kind: "user" }): Promise<boolean> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${accessLock(actor.id)}, 0))`;
  const { id, accessEpoch } = actor;
  return (await tx.user.count({ where: { id, accessEpoch, lockedAt: null } })) > 0;
}

function accessLock(userId: string): string {
  return `access:${userId}`;
}
