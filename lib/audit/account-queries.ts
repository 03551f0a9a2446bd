import "server-only";
import type { Actor, TeamScope } from "@/lib/access/scope";
import { columns, eventOf } from "@/lib/audit/queries";
import type { ActivityEvent } from "@/lib/audit/schema";
import { db, type Prisma } from "@/lib/db";

/** What happened to the person's own account: their sign-ins, refused ones too, their access tokens, what operators did. */
export async function listAccountEvents({ id }: Actor): Promise<ActivityEvent[]> {
  return newest({ objectId: { in: [id, ...(await tokenIds({ userId: id }))] } }, 100);
}

/**
 * What happened in a team outside its fabrics, and what was refused to its members wherever they tried to sign in. No other team's
 * events are among it: of a member's account only refusals are.
 */
export async function listTeamEvents({ teamId }: TeamScope<"access:list">): Promise<ActivityEvent[]> {
  const members = await db.membership.findMany({ where: { teamId }, select: { userId: true }, take: 1_000 });
  const people = members.map(({ userId }) => userId);
  const tokens = await tokenIds({ userId: { in: people } });
  return newest(
    {
      objectId: { in: [teamId, ...people, ...tokens] },
      OR: [{ teamId }, { teamId: null, action: { in: ["session.refuse", "access_token.refuse"] } }],
    },
    50,
  );
}

async function tokenIds(where: Prisma.AccessTokenWhereInput): Promise<string[]> {
  const rows = await db.accessToken.findMany({
    where,
    orderBy: { id: "desc" },
    take: 1_000,
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/** By object, as the index of audit events is. */
async function newest(where: Prisma.AuditEventWhereInput, take: number): Promise<ActivityEvent[]> {
  const rows = await db.auditEvent.findMany({
    where: { fabricId: null, ...where },
    orderBy: { id: "desc" },
    take,
    select: columns,
  });
  return rows.flatMap(eventOf);
}
