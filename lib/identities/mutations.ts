import "server-only";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";
import { holdAccount } from "@/lib/identities/hold-account";
import { redeem } from "@/lib/identities/redeem-invitation";
import { fail, ok, type Result } from "@/lib/result";
import { emailKey } from "@/lib/users/schema";
import { verifyAddress } from "@/lib/users/verify-address";

/**
 * A person according to an OpenID provider. `issuer` and `subject` identify the person; the rest is the
 * provider's claim.
 */
export type OpenIdPerson = {
  issuer: string;
  subject: string;
  verifiedEmail: string | null;
  name: string;
  /** When the provider last authenticated them. */
  authenticatedAt: Date;
};

/**
 * Admits a known identity. An unknown one requires an open invitation to its verified e-mail address, and
 * uses the invitation up.
 * The identity then belongs to the account with that address, which is created if necessary. Without an
 * invitation, an address proves nothing.
 */
export async function admitIdentity(person: OpenIdPerson): Promise<Result<null, "uninvited">> {
  const { issuer, subject, verifiedEmail } = person;
  return db.$transaction(async (tx) => {
    const existing = await tx.identity.findUnique({
      where: { issuer_subject: { issuer, subject } },
      select: { user: { select: { lockedAt: true } } },
    });
    if (existing) return existing.user.lockedAt ? fail("uninvited") : ok(null);
    if (!verifiedEmail) return fail("uninvited");
    const invitations = await tx.$queryRaw<{ id: string }[]>`
      SELECT id FROM invitation WHERE "emailKey" = ${emailKey(verifiedEmail)}
        AND "usedAt" IS NULL AND "expiresAt" > now() ORDER BY id FOR UPDATE`;
    if (invitations.length === 0) return fail("uninvited");
    const user = await findOrCreate(tx, verifiedEmail, person.name);
    if (user.lockedAt) return fail("uninvited");
    await tx.identity.create({ data: { issuer, subject, userId: user.id }, select: { userId: true } });
    await record(tx, {
      actor: { kind: "user", id: user.id, name: user.name },
      teamId: null,
      fabricId: null,
      action: "user.link",
      object: { kind: "user", id: user.id, name: user.name },
      details: { issuer },
    });
    await verifyAddress(tx, { id: user.id, email: verifiedEmail }, "identity");
    for (const { id } of invitations) await redeem(tx, id, user);
    return ok(null);
  });
}

async function findOrCreate(tx: Tx, email: string, name: string) {
  const select = { id: true, name: true, lockedAt: true };
  const existing = await tx.user.findUnique({ where: { emailKey: emailKey(email) }, select });
  if (existing) {
    if (!existing.lockedAt) await holdAccount(tx, existing);
    return existing;
  }
  const user = await tx.user.create({ data: { email, emailKey: emailKey(email), name }, select });
  await record(tx, {
    actor: { kind: "user", id: user.id, name },
    teamId: null,
    fabricId: null,
    action: "user.create",
    object: { kind: "user", id: user.id, name },
    details: { by: "invitation" },
  });
  return user;
}
