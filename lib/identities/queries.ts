import "server-only";
import { db } from "@/lib/db/client";
import type { ProvenPerson } from "@/lib/users/schema";

/**
 * Returns the person with this OpenID identity, or null. Never matches by e-mail address: an address can
 * change hands.
 */
export async function findIdentity(issuer: string, subject: string): Promise<ProvenPerson | null> {
  const identity = await db.identity.findUnique({
    where: { issuer_subject: { issuer, subject }, user: { lockedAt: null } },
    select: { userId: true, user: { select: { accessEpoch: true } } },
  });
  return identity && { userId: identity.userId, accessEpoch: identity.user.accessEpoch };
}
