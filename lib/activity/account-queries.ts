import "server-only";
import type { TeamScope } from "@/lib/access/scope";
import { eventOf, type Row } from "@/lib/activity/queries";
import type { Actor } from "@/lib/actor";
import { firstEventId } from "@/lib/audit/event-id";
import { idOrder, isWithin } from "@/lib/audit/find-events";
import type { ActivityEvent } from "@/lib/audit/schema";
import { db, Prisma } from "@/lib/db/client";

/** Events of the person's own account: sign-ins (also refused ones), access tokens, and acts of operators. */
export async function listAccountEvents({ id }: Actor): Promise<ActivityEvent[]> {
  return newest([id, ...(await tokenIds({ userId: id }))], Prisma.sql`true`, 100);
}

/**
 * The team's events outside its fabrics in the last 30 days, and its members' refused sign-ins and tokens; and which
 * of its fabrics were deleted, restored or destroyed, at any time: a destroyed fabric has no page of its own.
 * Reveals no events of other teams: of a member's account it shows only refusals.
 */
export async function listTeamEvents({ teamId }: TeamScope<"access:list">): Promise<ActivityEvent[]> {
  const members = await db.membership.findMany({ where: { teamId }, select: { userId: true }, take: 1_000 });
  const people = members.map(({ userId }) => userId);
  const tokens = await tokenIds({ userId: { in: people } });
  const since = isWithin("a", { from: firstEventId(new Date(Date.now() - 30 * dayMs)) });
  const ofTeam = Prisma.sql`true ${since} AND (a."teamId" = ${teamId}
    OR (a."teamId" IS NULL AND a.action IN ('session.refuse', 'access_token.refuse')))`;
  const [events, ofFabrics] = await Promise.all([
    newest([teamId, ...people, ...tokens], ofTeam, 50),
    db.$queryRaw<Row[]>`
      SELECT id, at, "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details
      FROM audit_event e WHERE "teamId" = ${teamId} AND action IN ('fabric.delete', 'fabric.restore', 'fabric.destroy')
      ORDER BY ${idOrder("e")} DESC LIMIT 20`,
  ]);
  return [...events, ...ofFabrics.flatMap(eventOf)].sort((one, other) => (one.id < other.id ? 1 : -1));
}

const dayMs = 86_400_000;

async function tokenIds(where: Prisma.AccessTokenWhereInput): Promise<string[]> {
  const rows = await db.accessToken.findMany({
    where,
    orderBy: { id: "desc" },
    take: 1_000,
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/**
 * Reads object by object, through the index of `objectId` and `id`. In order of time alone, Postgres could read the whole log for a
 * few events.
 */
async function newest(objectIds: string[], filter: Prisma.Sql, take: number): Promise<ActivityEvent[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT e.id, e.at, e."actorKind", e."actorId", e."actorName", e.action, e."objectKind", e."objectId", e."objectName", e.details
    FROM unnest(${objectIds}::text[]) AS o(id)
    CROSS JOIN LATERAL (
      SELECT * FROM audit_event a
      WHERE a."fabricId" IS NULL AND a."objectId" = o.id AND (${filter})
      ORDER BY ${idOrder("a")} DESC LIMIT ${take}
    ) e
    ORDER BY e.id DESC LIMIT ${take}`;
  return rows.flatMap(eventOf);
}
