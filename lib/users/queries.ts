import "server-only";
import { db } from "@/lib/db/client";
import type { ProvenPerson } from "@/lib/sessions/schema";

/** The person behind an OpenID identity, or null. The e-mail address is never asked: it may change hands. */
export async function findIdentity(issuer: string, subject: string): Promise<ProvenPerson | null> {
  const identity = await db.identity.findUnique({
    where: { issuer_subject: { issuer, subject }, user: { lockedAt: null } },
    select: { userId: true, user: { select: { accessEpoch: true } } },
  });
  return identity && { userId: identity.userId, accessEpoch: identity.user.accessEpoch };
}

/** Whether a person can prove with a password who they are. */
export async function hasPassword(userId: string): Promise<boolean> {
  return (await db.user.count({ where: { id: userId, passwordHash: { not: null } } })) > 0;
}

/** Whether somebody has this e-mail address, and a password. */
export async function findAccount(emailKey: string): Promise<{ hasPassword: boolean } | null> {
  const user = await db.user.findUnique({ where: { emailKey }, select: { passwordHash: true } });
  return user && { hasPassword: user.passwordHash !== null };
}
