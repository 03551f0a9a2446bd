import "server-only";
import type { Scope } from "@/lib/access/scope";
import { systemActor } from "@/lib/access/system-actor";
import { keysFor, selectEvents } from "@/lib/activity/event-keys";
import { findRemovedUntil } from "@/lib/activity/removed-events";
import { type Accessor, maxCounted, type SecretAccess, type Uses } from "@/lib/activity/schema";
import { firstEventId } from "@/lib/audit/event-id";
import { areEvents, idOrder, isWithin, queryInOrder } from "@/lib/audit/find-events";
import type { AuditAction } from "@/lib/audit/schema";
import { db, Prisma } from "@/lib/db/client";
import { inListSlot } from "@/lib/limits/list-slots";
import { NotFound } from "@/lib/result";

/** The most tokens, issuers, members or events of one sort that are considered. */
const most = 500;
const useActions = ["secret.use", "secret.token"] as const satisfies readonly AuditAction[];

type Period = { secretId: string; from: Date; to: Date };
type Event = {
  id: string;
  at: Date;
  actorId: string;
  actorKind: string;
  actorName: string;
  action: string;
  objectId: string;
  objectName: string;
};

/**
 * Who could use a secret between `from` and `to`, and who did. Tokens and issuers count with their present limits, and
 * members with their present role. Throws `NotFound` for a secret that the fabric never had.
 */
export function listSecretAccess(scope: Scope<"activity:list">, period: Period): Promise<SecretAccess> {
  return inListSlot(scope.actor.id, () => readAccess(scope, period));
}

async function readAccess(scope: Scope<"activity:list">, period: Period): Promise<SecretAccess> {
  const { fabricId, teamId } = scope;
  const [secret, pipelines, people, recent, outOfReach, removedUntil] = await Promise.all([
    findSecret(fabricId, period.secretId),
    listPipelines(fabricId, period),
    listPeople(teamId, period),
    newestUses(fabricId, period),
    listDeletions(fabricId, teamId, period),
    findRemovedUntil(),
  ]);
  const system: Accessor = { ...accessor(systemActor), kind: "system", since: null };
  const known = [...pipelines, ...people, system];
  const unknown = recent.filter(({ actorId }) => known.every(({ id }) => id !== actorId));
  const others: Accessor[] = [
    system,
    ...[...new Map(unknown.map((event) => [event.actorId, event])).values()].map((event) => ({
      ...accessor({ id: event.actorId, name: event.actorName }),
      kind: "unknown" as const,
      since: null,
    })),
  ];
  const uses = await countUses(
    fabricId,
    period,
    [...pipelines, ...people, ...others].map(({ id }) => id),
  );
  const withUses = (list: Accessor[]) =>
    list
      .map((one) => ({ ...one, uses: uses.get(one.id) ?? null }))
      .sort((one, other) => (other.uses?.last.getTime() ?? 0) - (one.uses?.last.getTime() ?? 0));
  return {
    secret,
    pipelines: withUses(pipelines),
    people: withUses(people),
    others: withUses(others).filter(({ uses: some }) => some !== null),
    outOfReach,
    removedUntil: removedUntil && removedUntil > period.from ? removedUntil : null,
  };
}

const accessor = ({ id, name }: { id: string; name: string }) => ({ id, name, until: null, uses: null });

async function findSecret(fabricId: string, id: string): Promise<SecretAccess["secret"]> {
  const [events, row] = await Promise.all([
    eventsOf(fabricId, { subjects: [{ id }], actions: ["secret.create", "secret.delete"] }, {}),
    db.secret.findFirst({
      where: { id, fabricId },
      select: { name: true, createdAt: true, deletedAt: true },
    }),
  ]);
  const [newest] = events;
  if (!row && !newest) throw new NotFound("Secret not found.");
  const of = (action: string) => events.find((event) => event.action === action)?.at ?? null;
  return {
    id,
    name: row?.name ?? newest?.objectName ?? "",
    createdAt: row?.createdAt ?? of("secret.create"),
    deletedAt: row ? row.deletedAt : of("secret.delete"),
  };
}

async function listPipelines(fabricId: string, { secretId, from, to }: Period): Promise<Accessor[]> {
  const of = { fabricId, createdAt: { lt: to } };
  const limits = {
    id: true,
    name: true,
    createdAt: true,
    secretIds: true,
    connectionIds: true,
    pins: true,
  } as const;
  const [tokens, issuers, removed] = await Promise.all([
    db.pipelineToken.findMany({
      where: {
        ...of,
        AND: [
          { OR: [{ revokedAt: null }, { revokedAt: { gt: from } }] },
          { OR: [{ expiresAt: null }, { expiresAt: { gt: from } }] },
        ],
      },
      orderBy: { id: "desc" },
      take: most,
      select: { ...limits, expiresAt: true, revokedAt: true },
    }),
    db.trustedIssuer.findMany({ where: of, orderBy: { id: "desc" }, take: most, select: limits }),
    eventsOf(fabricId, { actions: ["issuer.delete"] }, { from }),
  ]);
  const created = await eventsOf(
    fabricId,
    { subjects: removed.map(({ objectId }) => ({ id: objectId })), actions: ["issuer.create"] },
    {},
  );
  const createdAt = new Map(created.map(({ objectId, at }) => [objectId, at]));
  return [
    ...tokens.flatMap(({ revokedAt, expiresAt, ...token }) => {
      const isRevoked = revokedAt !== null && (expiresAt === null || revokedAt < expiresAt);
      const until = isRevoked ? revokedAt : expiresAt;
      const isOver = until !== null && until < new Date();
      return reached(token, secretId).map((reach) => ({
        ...accessor(token),
        kind: "token" as const,
        since: token.createdAt,
        reach,
        until,
        ...(isOver ? { ended: isRevoked ? ("revoked" as const) : ("expired" as const) } : {}),
      }));
    }),
    ...issuers.flatMap((issuer) =>
      reached(issuer, secretId).map((reach) => ({
        ...accessor(issuer),
        kind: "issuer" as const,
        since: issuer.createdAt,
        reach,
      })),
    ),
    ...removed
      .filter(({ objectId }) => (createdAt.get(objectId) ?? from) < to)
      .map(({ objectId, objectName, at }) => ({
        ...accessor({ id: objectId, name: objectName }),
        kind: "issuer" as const,
        since: createdAt.get(objectId) ?? null,
        reach: "unknown" as const,
        until: at,
        ended: "removed" as const,
      })),
  ];
}

type Limited = { secretIds: string[]; connectionIds: string[]; pins: unknown };

/** What of a token's or an issuer's limits lets it read a secret: one word, or none if it may not. */
function reached(
  { secretIds, connectionIds, pins }: Limited,
  secretId: string,
): ("fabric" | "secret" | "connection")[] {
  if (secretIds.length === 0 && connectionIds.length === 0) return ["fabric"];
  if (secretIds.includes(secretId)) return ["secret"];
  const pinned: unknown[] = typeof pins === "object" && pins !== null ? Object.values(pins) : [];
  return pinned.some((ids) => Array.isArray(ids) && ids.includes(secretId)) ? ["connection"] : [];
}

async function listPeople(teamId: string, { from, to }: Period): Promise<Accessor[]> {
  const [members, gone] = await Promise.all([
    db.membership.findMany({
      where: { teamId, createdAt: { lt: to } },
      orderBy: { user: { name: "asc" } },
      take: most,
      select: { role: true, createdAt: true, user: { select: { id: true, name: true } } },
    }),
    db.$queryRaw<Event[]>`
      SELECT id, at, "actorId", "actorKind", "actorName", action, "objectId", "objectName" FROM audit_event e
      WHERE "teamId" = ${teamId} AND action IN ('team.leave', 'team.remove')${isWithin("e", { from: firstEventId(from) })}
      ORDER BY ${idOrder("e")} DESC LIMIT ${most}`,
  ]);
  const present = members.map(({ user, role, createdAt }) => ({
    ...accessor(user),
    kind: "person" as const,
    since: createdAt,
    role,
  }));
  const left = gone.map(({ action, at, ...event }) => ({
    ...accessor(
      action === "team.leave"
        ? { id: event.actorId, name: event.actorName }
        : { id: event.objectId, name: event.objectName },
    ),
    kind: "person" as const,
    since: null,
    until: at,
    ended: action === "team.leave" ? ("left" as const) : ("removed" as const),
  }));
  const former = [...new Map(left.map((one) => [one.id, one])).values()];
  return [...present, ...former.filter(({ id }) => present.every((one) => one.id !== id))];
}

/** When the fabric was deleted within the period. */
async function listDeletions(
  fabricId: string,
  teamId: string,
  { from, to }: Period,
): Promise<SecretAccess["outOfReach"]> {
  const events = await db.$queryRaw<Event[]>`
    SELECT id, at, action FROM audit_event e
    WHERE "teamId" = ${teamId} AND "fabricId" = ${fabricId} AND action IN ('fabric.delete', 'fabric.restore')
    ORDER BY ${idOrder("e")} LIMIT ${most}`;
  return events
    .flatMap((event, index) =>
      event.action === "fabric.delete" ? [{ from: event.at, until: events[index + 1]?.at ?? null }] : [],
    )
    .filter((gap) => gap.from < to && (gap.until === null || gap.until > from));
}

/** The newest uses of the period, by anybody. They name actors that no other table has any more. */
function newestUses(fabricId: string, { secretId, from, to }: Period): Promise<Event[]> {
  return eventsOf(fabricId, { subjects: [{ id: secretId }], actions: useActions }, { from, to });
}

function eventsOf(
  fabricId: string,
  wanted: Parameters<typeof keysFor>[1],
  { from, to }: { from?: Date; to?: Date },
): Promise<Event[]> {
  const span = { from: from && firstEventId(from), to: to && firstEventId(to), limit: most };
  return queryInOrder<Event>(selectEvents(fabricId, keysFor(fabricId, wanted), span));
}

async function countUses(
  fabricId: string,
  { secretId, from, to }: Period,
  actorIds: readonly string[],
): Promise<Map<string, Uses>> {
  const ids = [...new Set(actorIds)];
  const of = (action: AuditAction) => {
    const uses = Prisma.sql`FROM audit_event e
      WHERE ${areEvents("actorAndObject", fabricId, [secretId, Prisma.raw("k.id")], [action], "e")}
        ${isWithin("e", { from: firstEventId(from), to: firstEventId(to) })}`;
    return Prisma.sql`SELECT k.id, first.at AS first, last.at AS last, counted.times
      FROM unnest(${ids}::text[]) AS k(id)
      CROSS JOIN LATERAL (SELECT e.at ${uses} ORDER BY ${idOrder("e")} LIMIT 1) first
      CROSS JOIN LATERAL (SELECT e.at ${uses} ORDER BY ${idOrder("e")} DESC LIMIT 1) last
      CROSS JOIN LATERAL (SELECT count(*)::int AS times FROM (SELECT 1 ${uses} LIMIT ${maxCounted + 1}) some_uses) counted`;
  };
  const rows = await queryInOrder<{ id: string; first: Date; last: Date; times: number }>(
    Prisma.join(useActions.map(of), " UNION ALL "),
  );
  const uses = new Map<string, Uses>();
  for (const { id, first, last, times } of rows) {
    const other = uses.get(id);
    const all = times + (other?.times ?? 0);
    uses.set(id, {
      first: other && other.first < first ? other.first : first,
      last: other && other.last > last ? other.last : last,
      times: Math.min(all, maxCounted),
      isMore: all > maxCounted || (other?.isMore ?? false),
    });
  }
  return uses;
}
