import "server-only";
import {
  columnsOf,
  conditionOf,
  type IdBounds,
  idOrder,
  isWithin,
  keyOf,
  type Way,
} from "@/lib/audit/find-events";
import { type AuditAction, fabricActions, isAbout, type ObjectKind } from "@/lib/audit/schema";
import { Prisma } from "@/lib/db/client";

/** An object that events are about: by its id, or of an unsaved one by its name. */
export type Subject =
  | { id: string; kind?: ObjectKind | undefined }
  | { unsavedName: string; kind: ObjectKind };

/** Events that are looked for: of these actors, about these subjects, with these actions. Absent parts do not limit. */
export type Wanted = {
  actorIds?: readonly string[] | undefined;
  subjects?: readonly Subject[] | undefined;
  actions?: readonly AuditAction[] | undefined;
  /** The access token of the actor. With subjects, the actor is looked for, and `Span` limits to the token. */
  accessTokenId?: string | undefined;
};

/** The keys of one index, each of which finds some of the events that are looked for, newest or oldest first. */
export type Keys = { way: Way; keys: string[] };

/** The keys that together find all wanted events in a fabric; `undefined` when every event is wanted. */
export function keysFor(
  fabricId: string,
  { actorIds, subjects, actions, accessTokenId }: Wanted,
): Keys[] | undefined {
  if (!actorIds && !subjects && !actions && !accessTokenId) return undefined;
  const allowed = actions ?? fabricActions;
  const keys = (way: Way, values: readonly string[], kind?: ObjectKind) =>
    allowed.flatMap((action) =>
      kind === undefined || isAbout(action, kind) ? [{ way, key: keyOf(fabricId, values, action) }] : [],
    );
  const of = (subject: Subject | undefined, actorId: string | undefined) => {
    if (!subject && accessTokenId) return keys("accessToken", [accessTokenId]);
    if (!subject) return actorId === undefined ? keys("event", []) : keys("actor", [actorId]);
    if ("unsavedName" in subject) return keys("unsaved", [subject.unsavedName], subject.kind);
    return actorId === undefined
      ? keys("object", [subject.id], subject.kind)
      : keys("actorAndObject", [subject.id, actorId], subject.kind);
  };
  const all = (subjects ?? [undefined]).flatMap((subject) =>
    (actorIds ?? [undefined]).flatMap((actorId) => of(subject, actorId)),
  );
  const ways = new Map<Way, Set<string>>();
  for (const { way, key } of all) ways.set(way, (ways.get(way) ?? new Set()).add(key));
  return [...ways].map(([way, found]) => ({ way, keys: [...found] }));
}

/** The columns of an event that a page shows. */
const columns = [
  "id",
  "at",
  "actorKind",
  "actorId",
  "actorName",
  "action",
  "objectKind",
  "objectId",
  "objectName",
  "details",
];
const shown = Prisma.raw(columns.map((name) => `e."${name}"`).join(", "));

/** Bounds of ids, and how many events to read in which order. */
export type Span = IdBounds & {
  limit: number;
  isOldestFirst?: boolean;
  kind?: ObjectKind | undefined;
  /** Only events by this actor. The key of an unsaved object does not contain the actor. */
  actorId?: string | undefined;
  /** Only events by this access token. */
  accessTokenId?: string | undefined;
};

/**
 * SQL for the newest (or oldest) events of a fabric that the keys find, for `queryInOrder`. Each key reads at most `limit` entries of its
 * index, so a search costs the same in a log of any size.
 */
export function selectEvents(fabricId: string, keys: readonly Keys[] | undefined, span: Span): Prisma.Sql {
  const order = Prisma.sql`${idOrder("e")} ${Prisma.raw(span.isOldestFirst ? "ASC" : "DESC")}`;
  const kind = span.kind === undefined ? Prisma.empty : Prisma.sql` AND e."objectKind" = ${span.kind}`;
  const actor = span.actorId === undefined ? Prisma.empty : Prisma.sql` AND e."actorId" = ${span.actorId}`;
  const token =
    span.accessTokenId === undefined
      ? Prisma.empty
      : Prisma.sql` AND e.details ->> 'accessTokenId' = ${span.accessTokenId}`;
  const bounds = Prisma.sql`e."fabricId" = ${fabricId}${isWithin("e", span)}${kind}${actor}${token}`;
  if (!keys)
    return Prisma.sql`SELECT ${shown} FROM audit_event e WHERE ${bounds} ORDER BY ${order} LIMIT ${span.limit}`;
  if (keys.length === 0) return Prisma.sql`SELECT ${shown} FROM audit_event e WHERE false`;
  const found = keys.map(({ way, keys: texts }) => {
    const text = columnsOf(way, "e");
    return Prisma.sql`SELECT found.* FROM unnest(${texts}::text[]) AS k(text) CROSS JOIN LATERAL (
      SELECT ${shown} FROM audit_event e
      WHERE hashtextextended(${text}, 0) = hashtextextended(k.text, 0) AND ${text} = k.text
        ${conditionOf(way, "e")} AND ${bounds}
      ORDER BY ${order} LIMIT ${span.limit}) found`;
  });
  // An event about what its actor is named after has two keys.
  return Prisma.sql`SELECT DISTINCT ON (${idOrder("e")}) * FROM (${Prisma.join(found, " UNION ALL ")}) e
    ORDER BY ${order} LIMIT ${span.limit}`;
}
