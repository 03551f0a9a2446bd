import "server-only";
import { type AuditEntry, record } from "@/lib/audit/record";
import { db, isUniqueViolation, type Tx } from "@/lib/db/client";
import { fail, ok, type Result } from "@/lib/result";
import { type EndedAccess, endAccess } from "@/lib/users/end-access";
import { hashPassword } from "@/lib/users/password";
import { emailKey } from "@/lib/users/schema";
import { verifyAddress } from "@/lib/users/verify-address";

/** The actor without a signed-in person: an operator at the command line, or the demo's seed. */
export type System = { kind: "system"; id: string; name: string };
export const commandLine: System = { kind: "system", id: "admin", name: "Command line" };

/** Creates a person with a password. */
export async function createUser(
  system: System,
  { email, name, password }: { email: string; name: string; password: string },
): Promise<Result<{ id: string }, "email_taken">> {
  const passwordHash = await hashPassword(password);
  try {
    return await db.$transaction(async (tx) => {
      const { id } = await tx.user.create({
        data: { email, emailKey: emailKey(email), name, passwordHash },
        select: { id: true },
      });
      // The operator vouches for the address.
      await verifyAddress(tx, { id, email }, "operator");
      await record(tx, entry(system, "user.create", { id, name }));
      return ok({ id });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("email_taken");
    throw error;
  }
}

/**
 * Sets a person's password and ends their access. Locks out anyone who knew the old password, with all their
 * sessions and tokens.
 */
export async function resetPassword(
  system: System,
  { email, password }: { email: string; password: string },
): Promise<Result<EndedAccess, "no_user">> {
  const passwordHash = await hashPassword(password);
  return endAndChange(system, email, "user.password", { passwordHash });
}

/** Locks a person from their next request on, and ends their access for good. */
export async function lockUser(
  system: System,
  { email }: { email: string },
): Promise<Result<EndedAccess, "no_user">> {
  return endAndChange(system, email, "user.lock", { lockedAt: new Date() });
}

/** Lets a locked person sign in again. Does not restore the access that the lock ended. */
export async function unlockUser(
  system: System,
  { email }: { email: string },
): Promise<Result<EndedAccess, "no_user">> {
  return endAndChange(system, email, "user.unlock", { lockedAt: null });
}

async function endAndChange(
  system: System,
  email: string,
  action: AuditEntry["action"],
  data: { passwordHash?: string; lockedAt?: Date | null },
): Promise<Result<EndedAccess, "no_user">> {
  return db.$transaction(async (tx) => {
    const where = { emailKey: emailKey(email) };
    const user = await tx.user.findUnique({ where, select: { id: true, name: true } });
    if (!user) return fail("no_user");
    await tx.user.update({ where, data, select: { id: true } });
    const ended = await endAccess(tx, system, user.id);
    await record(tx, { ...entry(system, action, user), details: ended });
    return ok(ended);
  });
}

/**
 * Removes a person: ends their access, deletes memberships and identities, and withdraws pending invitations to
 * their address. The audit log keeps their acts.
 * The last Admin of a team with other members cannot be removed until another member is an Admin.
 */
export async function removeUser(
  system: System,
  { email }: { email: string },
): Promise<Result<EndedAccess, "no_user" | "last_admin">> {
  return db.$transaction(async (tx) => {
    const where = { emailKey: emailKey(email) };
    const user = await tx.user.findUnique({ where, select: { id: true, name: true } });
    if (!user) return fail("no_user");
    const teams = await lockTeamsOf(tx, user.id);
    const orphans = teams.filter(({ isOrphaned }) => isOrphaned).map(({ name }) => name);
    if (orphans.length > 0) return fail("last_admin", { teams: orphans.join(", ") });
    const ended = await endAccess(tx, system, user.id);
    const held = await tx.heldMembership.findMany({
      where: { userId: user.id },
      orderBy: { teamId: "asc" },
      select: { role: true, team: { select: { id: true, name: true } } },
    });
    const removedTeams = [...teams, ...held.map(({ team, role }) => ({ ...team, role }))];
    const open = await tx.invitation.findMany({
      where: { ...where, usedAt: null },
      select: { id: true, email: true, teamId: true },
    });
    await tx.invitation.deleteMany({ where: { ...where, usedAt: null } });
    await record(
      tx,
      ...open.map(({ id, email, teamId }): AuditEntry => {
        const object = { kind: "user" as const, id, name: email };
        return { actor: system, teamId, fabricId: null, action: "team.uninvite", object };
      }),
      ...removedTeams.map((team): AuditEntry => {
        const details = { team: team.name, role: team.role };
        return { ...entry(system, "team.remove", user), teamId: team.id, details };
      }),
      { ...entry(system, "user.remove", user), details: ended },
    );
    await tx.user.delete({ where, select: { id: true } });
    return ok(ended);
  });
}

/**
 * A person's teams, locked against changes of members. `isOrphaned` is true if the team would have members
 * but no Admin.
 */
function lockTeamsOf(tx: Tx, userId: string) {
  return tx.$queryRaw<{ id: string; name: string; role: string; isOrphaned: boolean }[]>`
    SELECT t.id, t.name, m.role::text AS role,
      m.role = 'admin'
        AND EXISTS (SELECT 1 FROM membership o WHERE o."teamId" = t.id AND o."userId" <> ${userId})
        AND NOT EXISTS (SELECT 1 FROM membership o WHERE o."teamId" = t.id AND o."userId" <> ${userId} AND o.role = 'admin')
        AS "isOrphaned"
    FROM team t JOIN membership m ON m."teamId" = t.id AND m."userId" = ${userId}
    ORDER BY t."nameKey" FOR UPDATE OF t`;
}

function entry(
  actor: System,
  action: AuditEntry["action"],
  { id, name }: { id: string; name: string },
): AuditEntry {
  return { actor, teamId: null, fabricId: null, action, object: { kind: "user", id, name } };
}
