import "server-only";
import type { Actor, TeamScope } from "@/lib/access/scope";
import { db } from "@/lib/db";
import { NotFound } from "@/lib/result";
import type { TeamDetail, TeamSummary } from "@/lib/teams/schema";

/** The teams that a person is in, by name. */
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
      memberships: {
        orderBy: [{ role: "desc" }, { user: { name: "asc" } }, { userId: "asc" }],
        select: { role: true, createdAt: true, user: { select: { id: true, name: true, email: true } } },
      },
    },
  });
  if (!team) throw new NotFound("There is no such team.");
  const members = team.memberships.map(({ role, createdAt, user }) => ({
    userId: user.id,
    name: user.name,
    email: user.email,
    role,
    since: createdAt,
  }));
  return { id: team.id, name: team.name, members };
}
