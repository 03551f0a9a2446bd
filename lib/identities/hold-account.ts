import "server-only";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";
import { suspendAccess } from "@/lib/users/end-access";

/**
 * Suspends an account after an identity proved to be its owner's. Anyone with an invitation's link could have
 * created the account before and left a password, sessions, tokens and memberships.
 * The owner's review restores the parts that they confirm.
 */
export async function holdAccount(tx: Tx, user: { id: string; name: string }): Promise<void> {
  const userId = user.id;
  // Locks the account first, so that a concurrent password reset or join happens entirely before or after
  // this.
  await tx.$queryRaw`SELECT 1 FROM app_user WHERE id = ${userId} FOR UPDATE`;
  const { passwordHash, accessEpoch } = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { passwordHash: true, accessEpoch: true },
  });
  const memberships = await tx.membership.findMany({
    where: { userId },
    select: { teamId: true, userId: true, role: true, createdAt: true, team: { select: { name: true } } },
  });
  const identities = await tx.identity.findMany({
    where: { userId },
    select: { userId: true, issuer: true, subject: true, createdAt: true },
  });
  const active = { userId, revokedAt: null, accessEpoch };
  const [sessions, accessTokens] = [
    await tx.session.count({ where: active }),
    await tx.accessToken.count({ where: active }),
  ];
  if (!passwordHash && memberships.length + identities.length + sessions + accessTokens === 0) return;
  const actor = { kind: "user" as const, ...user };
  await suspendAccess(tx, actor, userId);
  await tx.user.updateMany({ where: { id: userId }, data: { passwordHash: null } });
  await tx.accountReview.upsert({
    where: { userId },
    // If two identities arrive in a row, the second holds only what came after the first.
    create: { userId, passwordHash, fromEpoch: accessEpoch },
    update: passwordHash ? { passwordHash } : {},
    select: { userId: true },
  });
  await tx.heldMembership.createMany({
    data: memberships.map(({ team: _team, ...membership }) => membership),
    skipDuplicates: true,
  });
  await tx.membership.deleteMany({ where: { userId } });
  await tx.heldIdentity.createMany({ data: identities });
  await tx.identity.deleteMany({ where: { userId } });
  const object = { kind: "user" as const, ...user };
  await record(
    tx,
    ...memberships.map(({ teamId, role, team }): AuditEntry => {
      const details = { team: team.name, role };
      return { actor, teamId, fabricId: null, action: "team.hold", object, details };
    }),
    {
      actor,
      teamId: null,
      fabricId: null,
      action: "user.hold",
      object,
      details: {
        password: passwordHash !== null,
        sessions,
        accessTokens,
        identities: identities.length,
        memberships: memberships.length,
      },
    },
  );
}
