import "server-only";
import { db } from "@/lib/db/client";
import type { ProvenPerson } from "@/lib/users/schema";

/** The person behind an OpenID identity, or null. The e-mail address is never asked: it may change hands. */
export async function findIdentity(issuer: string, subject: string): Promise<ProvenPerson | null> {
  const identity = await db.identity.findUnique({
    where: { issuer_subject: { issuer, subject }, user: { lockedAt: null } },
    select: { userId: true, user: { select: { accessEpoch: true } } },
  });
  return identity && { userId: identity.userId, accessEpoch: identity.user.accessEpoch };
}
