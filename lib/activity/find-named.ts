import "server-only";
import { systemActor } from "@/lib/access/system-actor";
import { type Named, type ObjectKind, objectKinds } from "@/lib/audit/schema";
import { db, literal } from "@/lib/db/client";

/** Names that a search follows: of objects, and of people and pipelines. */
const maxFollowed = 20;
/** Rows that are looked at for them. */
const maxRows = 500;

type Place = { fabricId: string; teamId: string };
type Row = { id: string; kind: string; name: string };

/** What a search names, and the ids of actors to look for, among them people who have left. */
export type FoundNames = Named & { actorIds: string[] };

/**
 * The objects of a fabric whose present or former name contains `search`, removed ones too, and the people and
 * pipelines with such a name. Of people who are no members, only ids are returned: their names are not for everybody.
 */
export async function findNamed({ fabricId, teamId }: Place, search: string): Promise<FoundNames> {
  const wanted = search.toLowerCase();
  const name = `%${literal(wanted)}%`;
  const present = { name: { contains: literal(search), mode: "insensitive" as const } };
  const take = maxFollowed + 1;
  const columns = { id: true, name: true } as const;
  const [exact, recorded, secrets, connections, tokens, issuers, members, people] = await Promise.all([
    recordedNames(fabricId, literal(wanted)),
    recordedNames(fabricId, name),
    db.secret.findMany({
      where: { fabricId, nameKey: { contains: literal(wanted) }, deletedAt: null },
      take,
      select: columns,
    }),
    db.connection.findMany({ where: { fabricId, ...present }, take, select: columns }),
    db.pipelineToken.findMany({
      where: { fabricId, ...present },
      orderBy: { id: "desc" },
      take,
      select: columns,
    }),
    db.trustedIssuer.findMany({ where: { fabricId, ...present }, take, select: columns }),
    db.user.findMany({ where: { ...present, memberships: { some: { teamId } } }, take, select: columns }),
    db.user.findMany({ where: present, take, select: { id: true } }),
  ]);
  const kind = (rows: { id: string; name: string }[], of: ObjectKind) =>
    rows.map((row) => ({ ...row, kind: of }));
  const objects = unique([
    ...exact,
    ...kind(secrets, "secret"),
    ...kind(connections, "connection"),
    ...kind(tokens, "token"),
    ...kind(issuers, "issuer"),
    ...recorded,
  ]);
  // The name that is searched for comes first.
  const isSame = (row: { name: string }) => Number(row.name.toLowerCase() === wanted);
  objects.sort((one, other) => isSame(other) - isSame(one));
  const system = systemActor.name.toLowerCase().includes(wanted) ? [systemActor] : [];
  const actors = unique([...system, ...members, ...tokens, ...issuers]).map(({ id, name }) => ({ id, name }));
  const actorIds = [...new Set([...actors, ...people].map(({ id }) => id))];
  return {
    objects: objects.slice(0, maxFollowed),
    actors: actors.slice(0, maxFollowed),
    actorIds: actorIds.slice(0, maxFollowed),
    isCut: objects.length > maxFollowed || actorIds.length > maxFollowed,
  };
}

/** The objects of events that gave or took a name like `pattern`. The index of names has only such events. */
async function recordedNames(
  fabricId: string,
  pattern: string,
): Promise<{ id: string; kind: ObjectKind; name: string }[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT "objectId" AS id, "objectKind" AS kind, "objectName" AS name FROM audit_event
    WHERE "fabricId" = ${fabricId} AND lower("objectName") LIKE ${pattern} AND "objectId" <> ''
      AND action IN ('secret.create', 'secret.rename', 'secret.delete', 'connection.create', 'connection.update', 'connection.delete',
        'token.create', 'token.revoke', 'issuer.create', 'issuer.delete')
    LIMIT ${maxRows}`;
  return rows.flatMap(({ id, kind, name }) => {
    const known = objectKinds.find((one) => one === kind);
    return known ? [{ id, kind: known, name }] : [];
  });
}

function unique<Row extends { id: string }>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.toReversed().map((row) => [row.id, row])).values()].reverse();
}
