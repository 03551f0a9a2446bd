import "server-only";
import { allows } from "@/lib/access/policy";
import type { TeamScope } from "@/lib/access/scope";
import { type AuditEntry, record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";
import { fail, NotFound, ok, type Result } from "@/lib/result";
import type { MemberRole } from "@/lib/teams/schema";

type Manager = TeamScope<"team:write">;

/** Makes a member a User or an Admin. The last Admin cannot be changed. */
export async function changeRole(
  scope: Manager,
  { userId, role }: { userId: string; role: MemberRole },
): Promise<Result<null, "last_admin">> {
  return withMember(scope, userId, async (tx, member, isLastAdmin) => {
    if (role === member.role) return ok(null);
    if (isLastAdmin) return fail("last_admin");
    await tx.membership.update({
      where: { teamId_userId: member.key },
      data: { role },
      select: { role: true },
    });
    if (!allows(role, "team:write")) await withdrawInvitations(tx, scope, member);
    await record(tx, entry(scope, "team.role", member, { role }));
    return ok(null);
  });
}

/**
 * Removes a member. Access to the team's fabrics ends with their next request. Also removes a person who has
 * not confirmed their membership yet.
 */
export async function removeMember(
  scope: Manager,
  { userId }: { userId: string },
): Promise<Result<null, "last_admin">> {
  if (await removeHeldMember(scope, userId)) return ok(null);
  return withMember(scope, userId, async (tx, member, isLastAdmin) => {
    if (isLastAdmin) return fail("last_admin");
    await tx.membership.deleteMany({ where: member.key });
    await withdrawInvitations(tx, scope, member);
    await record(tx, entry(scope, "team.remove", member, { role: member.role }));
    return ok(null);
  });
}

async function removeHeldMember(scope: Manager, userId: string): Promise<boolean> {
  const { actor, teamId } = scope;
  return db.$transaction(async (tx) => {
    const held = await tx.heldMembership.findUnique({
      where: { teamId_userId: { teamId, userId } },
      select: { role: true, user: { select: { name: true } }, team: { select: { name: true } } },
    });
    const { count } = await tx.heldMembership.deleteMany({ where: { teamId, userId } });
    const isMember = (await tx.membership.count({ where: { teamId, userId } })) > 0;
    // A person who joined again meanwhile is a member, so `withMember` removes them.
    if (!held || count === 0 || isMember) return false;
    const { role, user, team } = held;
    await record(tx, {
      actor,
      teamId,
      fabricId: null,
      action: "team.remove",
      object: { kind: "user", id: userId, name: user.name },
      details: { team: team.name, role },
    });
    return true;
  });
}

/** Removes the actor from a team. */
export async function leaveTeam(scope: TeamScope<"team:see">): Promise<Result<null, "last_admin">> {
  return withMember(scope, scope.actor.id, async (tx, member, isLastAdmin) => {
    if (isLastAdmin) return fail("last_admin");
    await tx.membership.deleteMany({ where: member.key });
    await withdrawInvitations(tx, scope, member);
    await record(tx, {
      ...entry(scope, "team.leave", member),
      object: { kind: "team", id: scope.teamId, name: member.teamName },
    });
    return ok(null);
  });
}

type LockedMember = {
  key: { teamId: string; userId: string };
  role: MemberRole;
  name: string;
  teamName: string;
};

/**
 * Runs with the team locked. If two Admins leave concurrently, the second one sees that the first is gone.
 */
async function withMember<T>(
  { teamId }: Pick<Manager, "teamId">,
  userId: string,
  run: (tx: Tx, member: LockedMember, isLastAdmin: boolean) => Promise<T>,
): Promise<T> {
  return db.$transaction(async (tx) => {
    const [team] = await tx.$queryRaw<{ name: string }[]>`
      SELECT name FROM team WHERE id = ${teamId} FOR UPDATE`;
    const key = { teamId, userId };
    const membership = await tx.membership.findUnique({
      where: { teamId_userId: key },
      select: { role: true, user: { select: { name: true } } },
    });
    if (!team || !membership) throw new NotFound("Member not found.");
    const { role, user } = membership;
    const otherAdmins = await tx.membership.count({
      where: { teamId, role: "admin", userId: { not: userId } },
    });
    return run(
      tx,
      { key, role, name: user.name, teamName: team.name },
      allows(role, "team:write") && otherAdmins === 0,
    );
  });
}

/** Withdraws the pending invitations of a former Admin, who could use such a link to return as one. */
async function withdrawInvitations(
  tx: Tx,
  { actor, teamId }: Pick<Manager, "actor" | "teamId">,
  { key }: LockedMember,
): Promise<void> {
  const where = { teamId, createdById: key.userId, usedAt: null };
  const open = await tx.invitation.findMany({ where, select: { id: true, email: true } });
  await tx.invitation.deleteMany({ where: { ...where, id: { in: open.map(({ id }) => id) } } });
  const withdrawn = open.map(({ id, email }): AuditEntry => {
    const object = { kind: "user" as const, id, name: email };
    return { actor, teamId, fabricId: null, action: "team.uninvite", object };
  });
  await record(tx, ...withdrawn);
}

function entry(
  { actor, teamId }: Pick<Manager, "actor" | "teamId">,
  action: AuditEntry["action"],
  { key, name, teamName }: LockedMember,
  details: AuditEntry["details"] = {},
): AuditEntry {
  return {
    actor,
    teamId,
    fabricId: null,
    action,
    object: { kind: "user", id: key.userId, name },
    details: { team: teamName, ...details },
  };
}
