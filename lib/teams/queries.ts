import "server-only";
import * as z from "zod";
import { allows } from "@/lib/access/policy";
import type { TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db, type Prisma } from "@/lib/db/client";
import { decodeCursor, encodeCursor } from "@/lib/db/cursor";
import { postgresText } from "@/lib/db/text";
import { inListSlot, type PageRequest } from "@/lib/limits/list-slots";
import { NotFound } from "@/lib/result";
import {
  type Member,
  type MemberListQuery,
  type MemberPage,
  memberRole,
  type TeamDetail,
  type TeamSummary,
} from "@/lib/teams/schema";

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

/** A team, without its members. */
export async function getTeam(scope: TeamScope<"team:see">): Promise<TeamDetail> {
  const where = { teamId: scope.teamId, role: "admin" } as const;
  const [team, count, admins] = await Promise.all([
    db.team.findUnique({
      where: { id: scope.teamId },
      select: {
        id: true,
        name: true,
        heldMemberships: { orderBy: [{ createdAt: "desc" }, { userId: "asc" }], take: pageSize, select },
      },
    }),
    db.membership.count({ where }),
    db.membership.findMany({
      where,
      orderBy: [{ createdAt: "asc" }, { userId: "asc" }],
      take: 5,
      select: { user: { select: { name: true } } },
    }),
  ]);
  if (!team) throw new NotFound("Team not found.");
  const { id, name, heldMemberships } = team;
  const held = allows(scope.role, "team:write") ? heldMemberships : [];
  return {
    id,
    name,
    admins: { count, names: admins.map(({ user }) => user.name) },
    held: held.map(memberOf),
  };
}

/** One page of a team's members: Admins first, then by name. An invalid cursor selects the first page. */
export async function listMembers(
  { teamId, actor }: TeamScope<"team:see">,
  query: MemberListQuery,
  { limit = pageSize, isLater }: PageRequest = {},
): Promise<MemberPage> {
  const isBackward = query.after === undefined && query.before !== undefined;
  const cursor = decodeCursor(cursorValues, query.after ?? query.before);
  const order = isBackward ? "desc" : "asc";
  const find = () =>
    db.membership.findMany({
      where: { AND: [{ teamId }, cursor ? beyond(cursor, isBackward) : {}] },
      orderBy: [{ role: isBackward ? "asc" : "desc" }, { user: { name: order } }, { userId: order }],
      take: limit + 1,
      select,
    });
  const rows = await inListSlot(actor.id, find, { isLater });
  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (isBackward) page.reverse();
  const [first, last] = [page.at(0), page.at(-1)];
  return {
    members: page.map(memberOf),
    next: last && (isBackward || hasMore) ? cursorOf(last) : null,
    previous: first && (isBackward ? hasMore : cursor) ? cursorOf(first) : null,
  };
}

const pageSize = 50;

const select = {
  role: true,
  createdAt: true,
  user: { select: { id: true, name: true, email: true } },
} as const;
type Row = Prisma.MembershipGetPayload<{ select: typeof select }>;

const cursorValues = z.tuple([memberRole, postgresText(512), postgresText(512)]);

/** True for a cursor of a page of members. */
export function isMemberCursor(cursor: string): boolean {
  return decodeCursor(cursorValues, cursor) !== undefined;
}

function cursorOf({ role, user }: Row): string {
  return encodeCursor([role, user.name, user.id]);
}

/** Members on the other side of a position. Users come after all Admins. */
function beyond(
  [role, name, userId]: z.output<typeof cursorValues>,
  isBackward: boolean,
): Prisma.MembershipWhereInput {
  const side = isBackward ? "lt" : "gt";
  const sameRole = {
    role,
    OR: [{ user: { name: { [side]: name } } }, { user: { name }, userId: { [side]: userId } }],
  };
  const far = isBackward ? "admin" : "user";
  return role === far ? sameRole : { OR: [sameRole, { role: far }] };
}

function memberOf({ role, createdAt, user }: Row): Member {
  return { userId: user.id, name: user.name, email: user.email, role, since: createdAt };
}
