import "server-only";
import { allows } from "@/lib/access/policy";
import type { TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db, type Prisma } from "@/lib/db/client";
import { NotFound } from "@/lib/result";
import type { Member, TeamDetail, TeamSummary } from "@/lib/teams/schema";

/** A person's teams, by name. */
export async function listTeams(actor: Actor): Promise<TeamSummary[]> {
  const memberships = await db.membership.findMany({
    where: { userId: actor.id },
    orderBy: { team: { nameKey: "asc" } },
    select: {
      role: true,
      team: { select: { id: true, name: true, _count: { select: { memberships: true, fabrics: true } } } },
    },
  });
  return memberships.map(({ role, team }) => ({
    id: team.id,
    name: team.name,
    role,
    members: team._count.memberships,
    fabrics: team._count.fabrics,
  }));
}

/** A team and its members, Admins first. */
export async function getTeam(scope: TeamScope<"team:see">): Promise<TeamDetail> {
  const team = await db.team.findUnique({
    where: { id: scope.teamId },
    select: {
      id: true,
      name: true,
      memberships: { orderBy, select },
      heldMemberships: { orderBy, select },
    },
  });
  if (!team) throw new NotFound("Team not found.");
  const { id, name, memberships, heldMemberships } = team;
  const held = allows(scope.role, "team:write") ? heldMemberships : [];
  return { id, name, members: memberships.map(memberOf), held: held.map(memberOf) };
}

const orderBy: Prisma.MembershipOrderByWithRelationInput[] = [
  { role: "desc" },
  { user: { name: "asc" } },
  { userId: "asc" },
];
const select = {
  role: true,
  createdAt: true,
  user: { select: { id: true, name: true, email: true } },
} as const;

function memberOf({ role, createdAt, user }: Prisma.MembershipGetPayload<{ select: typeof select }>): Member {
  return { userId: user.id, name: user.name, email: user.email, role, since: createdAt };
}
