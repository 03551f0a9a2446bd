import "server-only";
import * as z from "zod";
import type { Scope } from "@/lib/access/scope";
import {
  type Keys,
  keysFor,
  type Span,
  type Subject,
  selectEvents,
  type Wanted,
} from "@/lib/activity/event-keys";
import { findNamed } from "@/lib/activity/find-named";
import { firstEventId } from "@/lib/audit/event-id";
import { queryInOrder } from "@/lib/audit/find-events";
import {
  type ActivityDetails,
  type ActivityEvent,
  type ActivityFilter,
  type ActivityPage,
  type AuditAction,
  auditActions,
  detailKeys,
  eventKinds,
  fabricActions,
  isAbout,
  type Named,
  type ObjectKind,
  objectKinds,
  rangeOf,
} from "@/lib/audit/schema";
import { db, type Prisma } from "@/lib/db/client";
import { inListSlot } from "@/lib/limits/list-slots";

const pageSize = 50;
type Reader = Scope<"activity:list">;

export type Row = {
  id: string;
  at: Date;
  actorKind: string;
  actorId: string;
  actorName: string;
  action: string;
  objectKind: string;
  objectId: string;
  objectName: string;
  details: unknown;
};

/** One page of a fabric's events, newest first. Ids are UUIDv7, so sorting by id sorts by time. */
export function listActivity(scope: Reader, filter: ActivityFilter): Promise<ActivityPage> {
  return inListSlot(scope.actor.id, () => readPage(scope, filter));
}

async function readPage(scope: Reader, filter: ActivityFilter): Promise<ActivityPage> {
  const { query, isBackward, named } = await pageQuery(scope, filter);
  const rows = await queryInOrder<Row>(query);
  const hasMore = rows.length > pageSize;
  const page = rows.slice(0, pageSize);
  if (isBackward) page.reverse();
  const [newest, oldest] = [page.at(0), page.at(-1)];
  return {
    events: await eventsOf(scope, page),
    older: oldest && (isBackward || hasMore) ? oldest.id : null,
    newer: newest && (isBackward ? hasMore : filter.before !== undefined) ? newest.id : null,
    ...(named ? { named } : {}),
  };
}

/** The query for one page of events. Exported for the test that reads its plan. */
export async function pageQuery(
  scope: Reader,
  filter: ActivityFilter,
): Promise<{ query: Prisma.Sql; isBackward: boolean; named: Named | undefined }> {
  const { before, after } = filter;
  const isBackward = before === undefined && after !== undefined;
  const { keys, named, by } = await findWanted(scope, filter);
  const range = idRange(filter);
  const query = selectEvents(scope.fabricId, keys, {
    ...range,
    ...(isBackward ? { after } : { to: lowerOf(before, range.to) }),
    limit: pageSize + 1,
    kind: filter.kind,
    ...by,
    isOldestFirst: isBackward,
  });
  return { query, isBackward, named };
}

/** How many events a page of an export has. */
const exportPageSize = 500;

/** The pages of an export, newest first: all events that match a filter. */
export async function* exportActivity(
  scope: Reader,
  filter: ActivityFilter,
): AsyncGenerator<ActivityEvent[]> {
  const found = await findWanted(scope, filter);
  const { from, to } = idRange(filter);
  for (let before = to; ; ) {
    const span = { from, to: before, limit: exportPageSize, kind: filter.kind, ...found.by };
    const isLater = before !== to;
    const rows = await inListSlot(
      scope.actor.id,
      () => queryInOrder<Row>(selectEvents(scope.fabricId, found.keys, span)),
      { isLater },
    );
    const events = await eventsOf(scope, rows);
    if (events.length > 0) yield events;
    const last = rows.at(-1);
    if (!last || rows.length < exportPageSize) return;
    before = last.id;
  }
}

function idRange(filter: ActivityFilter): { from: string | undefined; to: string | undefined } {
  const { from, to } = rangeOf(filter);
  return { from: from && firstEventId(from), to: to && firstEventId(to) };
}

function lowerOf(one: string | undefined, other: string | undefined): string | undefined {
  return one === undefined || (other !== undefined && other < one) ? other : one;
}

/** Who caused the events that are wanted, if that is limited. */
type By = Pick<Span, "actorId" | "accessTokenId">;

/** The keys for a filter, by whom the events must be, and what its search named. */
async function findWanted(
  { fabricId, teamId }: Reader,
  { actor, kind, event, object, search }: ActivityFilter,
): Promise<{ keys: Keys[] | undefined; named?: Named; by: By }> {
  const actions = actionsFor({ kind, event });
  const ownerId = actor ? await findTokenOwner(fabricId, actor) : undefined;
  const accessTokenId = ownerId === undefined ? undefined : actor;
  const actorId = ownerId ?? actor;
  const by: By = { actorId, accessTokenId };
  const wanted: Wanted = {
    actions,
    actorIds: actorId ? [actorId] : undefined,
    accessTokenId,
    subjects: object ? await subjectsOf(fabricId, object) : undefined,
  };
  if (!search) return { keys: keysFor(fabricId, wanted), by };
  const { actorIds, ...named } = await findNamed({ fabricId, teamId }, search);
  const about: Subject[] = [
    ...named.objects,
    ...named.objects.flatMap(({ kind: of, name }) =>
      of === "connection" ? [{ unsavedName: name, kind: of }] : [],
    ),
    { unsavedName: search, kind: "secret" },
    { unsavedName: search, kind: "connection" },
  ];
  const isWanted = (one: Subject) =>
    wanted.subjects?.some((other) => nameOfSubject(one) === nameOfSubject(other)) ?? true;
  const parts: Wanted[] = [
    { ...wanted, subjects: about.filter(isWanted) },
    { ...wanted, actorIds: actorIds.filter((id) => !actorId || id === actorId) },
  ];
  return { keys: parts.flatMap((part) => keysFor(fabricId, part) ?? []), named, by };
}

/**
 * The person of an access token, by the token's id; `undefined` for any other id. The row of a token that ended long ago
 * is gone, but its events are not.
 */
async function findTokenOwner(fabricId: string, id: string): Promise<string | undefined> {
  const token = await db.accessToken.findUnique({ where: { id }, select: { userId: true } });
  if (token) return token.userId;
  if (await newestOf(fabricId, { actorIds: [id] })) return undefined;
  return (await newestOf(fabricId, { accessTokenId: id }))?.actorId;
}

const nameOfSubject = (one: Subject) => ("id" in one ? one.id : `${one.kind} ${one.unsavedName}`);

/** The actions of a kind of event about a kind of object; `undefined` when neither is given. */
function actionsFor({ kind, event }: ActivityFilter): readonly AuditAction[] | undefined {
  if (!kind && !event) return undefined;
  const actions: readonly AuditAction[] = event ? eventKinds[event].actions : fabricActions;
  return kind ? actions.filter((action) => isAbout(action, kind)) : actions;
}

/** The last kind and name of the object that Activity is filtered by, or null when it has no events. */
export async function findActivityObject(
  { fabricId }: Reader,
  objectId: string,
): Promise<{ kind: ObjectKind; name: string } | null> {
  const row = await newestOf(fabricId, { subjects: [{ id: objectId }] });
  return row?.objectName ? { kind: row.objectKind as ObjectKind, name: row.objectName } : null;
}

/** The newest event of a fabric that is wanted. */
export async function newestOf(fabricId: string, wanted: Wanted): Promise<Row | undefined> {
  const keys = keysFor(fabricId, wanted);
  const [row] = await queryInOrder<Row>(selectEvents(fabricId, keys, { limit: 1 }));
  return row;
}

/**
 * Finds a connection's checks by name: a check's event has no connection id, because an unsaved connection
 * can be checked too.
 */
async function subjectsOf(fabricId: string, objectId: string): Promise<Subject[]> {
  const connection = await db.connection.findFirst({
    where: { id: objectId, fabricId },
    select: { name: true },
  });
  if (!connection) return [{ id: objectId }];
  return [{ id: objectId }, { unsavedName: connection.name, kind: "connection" }];
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
export function detailsOf(json: unknown): ActivityDetails {
  const values: Record<string, unknown> = typeof json === "object" && json !== null ? { ...json } : {};
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
