import "server-only";
import { z } from "zod";
import type { Scope } from "@/lib/access/scope";
import {
  type ActivityActor,
  type ActivityDetails,
  type ActivityEvent,
  type ActivityFilter,
  type ActivityPage,
  type AuditAction,
  auditActions,
  detailKeys,
  eventKinds,
  type ObjectKind,
  objectKinds,
} from "@/lib/audit/schema";
import { db, type Prisma } from "@/lib/db/client";
import { inListSlot } from "@/lib/limits/list-slots";

const pageSize = 50;
type Reader = Scope<"activity:list">;

const columns = {
  id: true,
  at: true,
  actorKind: true,
  actorId: true,
  actorName: true,
  action: true,
  objectKind: true,
  objectId: true,
  objectName: true,
  details: true,
} as const;
export type Row = Prisma.AuditEventGetPayload<{ select: typeof columns }>;

/** One page of a fabric's events, newest first. Ids are UUIDv7, so sorting by id sorts by time. */
export function listActivity(scope: Reader, filter: ActivityFilter): Promise<ActivityPage> {
  return inListSlot(scope.actor.id, () => readPage(scope, filter));
}

async function readPage(scope: Reader, filter: ActivityFilter): Promise<ActivityPage> {
  const { before, after } = filter;
  const isBackward = before === undefined && after !== undefined;
  const rows = await db.auditEvent.findMany({
    where: {
      AND: [
        await matches(scope, filter),
        isBackward ? { id: { gt: after } } : before === undefined ? {} : { id: { lt: before } },
      ],
    },
    orderBy: { id: isBackward ? "asc" : "desc" },
    take: pageSize + 1,
    select: columns,
  });
  const hasMore = rows.length > pageSize;
  const page = rows.slice(0, pageSize);
  if (isBackward) page.reverse();
  const [newest, oldest] = [page.at(0), page.at(-1)];
  return {
    events: await eventsOf(scope, page),
    older: oldest && (isBackward || hasMore) ? oldest.id : null,
    newer: newest && (isBackward ? hasMore : before !== undefined) ? newest.id : null,
  };
}

/**
 * The actors that Activity can be filtered by: members of the team, the fabric's newest pipelines, Automate,
 * and `actorId` even if that actor has left.
 */
export async function listActivityActors(
  { fabricId, teamId }: Reader,
  actorId: string | undefined,
): Promise<ActivityActor[]> {
  const members = await db.membership.findMany({
    where: { teamId },
    orderBy: { user: { name: "asc" } },
    take: 200,
    select: { user: { select: { id: true, name: true } } },
  });
  const pipelines = await db.pipelineToken.findMany({
    where: { fabricId },
    orderBy: { id: "desc" },
    take: 100,
    select: { id: true, name: true },
  });
  const actors: ActivityActor[] = [
    ...members.map(({ user }) => ({ ...user, kind: "user" as const })),
    ...pipelines.map((pipeline) => ({ ...pipeline, kind: "pipeline" as const })),
    { id: "automate", name: "Automate", kind: "system" },
  ];
  if (actorId === undefined || actors.some(({ id }) => id === actorId)) return actors;
  const lastEvent = await db.auditEvent.findFirst({
    where: { fabricId, actorId },
    orderBy: { id: "desc" },
    select: { actorName: true, actorKind: true },
  });
  const kind = lastEvent?.actorKind === "pipeline" ? "pipeline" : "user";
  return lastEvent ? [...actors, { id: actorId, name: lastEvent.actorName, kind }] : actors;
}

/** The last kind and name of the object that Activity is filtered by, or null when it has no events. */
export async function findActivityObject(
  { fabricId }: Reader,
  objectId: string,
): Promise<{ kind: ObjectKind; name: string } | null> {
  const row = await db.auditEvent.findFirst({
    where: { fabricId, objectId, objectName: { not: "" } },
    orderBy: { id: "desc" },
    select: { objectKind: true, objectName: true },
  });
  return row ? { kind: row.objectKind as ObjectKind, name: row.objectName } : null;
}

async function matches(
  { fabricId }: Reader,
  { actor, kind, event, object }: ActivityFilter,
): Promise<Prisma.AuditEventWhereInput> {
  return {
    fabricId,
    ...(actor ? { actorId: actor } : {}),
    ...(kind ? { objectKind: kind } : {}),
    ...(event ? { action: { in: [...eventKinds[event].actions] } } : {}),
    ...(object ? await aboutObject(fabricId, object) : {}),
  };
}

/**
 * Finds a connection's checks by name: a check's event has no connection id, because an unsaved connection
 * can be checked too.
 */
async function aboutObject(fabricId: string, objectId: string): Promise<Prisma.AuditEventWhereInput> {
  const connection = await db.connection.findFirst({
    where: { id: objectId, fabricId },
    select: { name: true },
  });
  if (!connection) return { objectId };
  return {
    OR: [{ objectId }, { objectId: "", objectKind: "connection", objectName: connection.name }],
  };
}

async function eventsOf({ fabricId }: Reader, rows: Row[]): Promise<ActivityEvent[]> {
  const idsOf = (kind: ObjectKind) =>
    rows.filter(({ objectKind }) => objectKind === kind).map((row) => row.objectId);
  const checked = rows.filter(({ objectKind, objectId }) => objectKind === "connection" && objectId === "");
  const [secrets, connections] = await Promise.all([
    db.secret.findMany({
      where: { fabricId, id: { in: idsOf("secret") }, deletedAt: null },
      select: { id: true },
    }),
    db.connection.findMany({
      where: {
        fabricId,
        OR: [
          { id: { in: idsOf("connection") } },
          { name: { in: checked.map(({ objectName }) => objectName) } },
        ],
      },
      select: { id: true, name: true },
    }),
  ]);
  const existing = new Set([...secrets, ...connections].map(({ id }) => id));
  const byName = new Map(connections.map(({ id, name }) => [name, id]));
  return rows.flatMap((row) =>
    eventOf(row).map((event) => {
      const objectId = checked.includes(row) ? (byName.get(row.objectName) ?? "") : row.objectId;
      return { ...event, objectId, isThere: existing.has(objectId) };
    }),
  );
}

/**
 * Converts a row to an event, without looking up its object. Returns none for an action that this version
 * does not know.
 */
export function eventOf(row: Row): ActivityEvent[] {
  const { action, objectKind } = row;
  if (!isAction(action) || !isObjectKind(objectKind)) return [];
  return [{ ...row, action, objectKind, isThere: false, details: detailsOf(row.details) }];
}

const shown = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

/** Keeps only the details of the allow-list. */
function detailsOf(json: Prisma.JsonValue): ActivityDetails {
  const values = typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
  const details: ActivityDetails = {};
  for (const key of detailKeys) {
    const value = shown.safeParse(values[key]);
    if (value.success) details[key] = value.data;
  }
  return details;
}

function isAction(action: string): action is AuditAction {
  return Object.hasOwn(auditActions, action);
}

function isObjectKind(kind: string): kind is ObjectKind {
  return (objectKinds as readonly string[]).includes(kind);
}
