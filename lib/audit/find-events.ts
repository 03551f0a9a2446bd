import "server-only";
import type { AuditAction } from "@/lib/audit/schema";
import { db, Prisma } from "@/lib/db/client";

/** The id of the access token by which an event was caused, as SQL of the events that have one. */
const accessTokenId = "details ->> 'accessTokenId'";

/**
 * What events are looked for by, in addition to their fabric and their action. Each way has an index of a digest of
 * these columns, followed by the id. A digest is an eighth as long as its columns, which each use of a secret pays for.
 */
const ways = {
  event: [],
  actor: ["actorId"],
  object: ["objectId"],
  actorAndObject: ["objectId", "actorId"],
  /** Only events whose object has no id: checks of connections, and requests for unknown names. */
  unsaved: ["objectName"],
  /** Only events by an access token: the id of that. */
  accessToken: [accessTokenId],
} as const;

export type Way = keyof typeof ways;

/** Bounds of ids: from and after the one, before the other. */
export type IdBounds = { from?: string | undefined; after?: string | undefined; to?: string | undefined };

/**
 * The order of ids in the indexes for lists: by bytes, which is the order in time. Sort by it, and not by the plain id.
 * Otherwise the planner may read the log backwards by its primary key until it has found enough.
 */
export function idOrder(alias: string): Prisma.Sql {
  return Prisma.raw(`${alias}.id COLLATE "C"`);
}

/** Conditions on the id of an event: one chooses the partitions, and one where to begin in their indexes. */
export function isWithin(alias: string, { from, after, to }: IdBounds): Prisma.Sql {
  const bounds: [string, string | undefined][] = [
    [">=", from],
    [">", after],
    ["<", to],
  ];
  const conditions = bounds.flatMap(([operator, id]) =>
    id === undefined
      ? []
      : [
          Prisma.sql` AND ${Prisma.raw(`${alias}.id ${operator}`)} ${id}`,
          Prisma.sql` AND ${Prisma.raw(`${alias}.id COLLATE "C" ${operator}`)} ${id}`,
        ],
  );
  return conditions.length === 0 ? Prisma.empty : Prisma.join(conditions, "");
}

/**
 * Runs a query whose limits are in the order of an index. Postgres must not sort instead: it would first read all
 * that matches, and it estimates from statistics how much that is.
 */
export async function queryInOrder<Row>(query: Prisma.Sql): Promise<Row[]> {
  const [, rows] = await db.$transaction([
    db.$executeRaw`SELECT set_config('enable_sort', 'off', true)`,
    db.$queryRaw<Row[]>(query),
  ]);
  return rows;
}

/** The values of a way's columns, in order: texts, or SQL for columns of an outer query. */
type Values = readonly (string | Prisma.Sql)[];

/** The SQL text of a way's columns of the audit log, as `alias`. Equal to `keyOf` for the events that it finds. */
export function columnsOf(way: Way, alias: string): Prisma.Sql {
  const columns = ["fabricId", ...ways[way], "action"].map((name) =>
    name === accessTokenId ? `(${alias}.${name})` : `${alias}."${name}"`,
  );
  return Prisma.raw(columns.join(" || ' ' || "));
}

/** The condition of the index of a way, which a query must repeat. */
export function conditionOf(way: Way, alias: string): Prisma.Sql {
  if (way === "unsaved") return Prisma.raw(` AND ${alias}."objectId" = ''`);
  return way === "accessToken" ? Prisma.raw(` AND (${alias}.${accessTokenId}) IS NOT NULL`) : Prisma.empty;
}

/** The text whose digest the index of a way contains. */
export function keyOf(fabricId: string, values: readonly string[], action: AuditAction): string {
  return [fabricId, ...values, action].join(" ");
}

/**
 * True for the events of these actions in a fabric whose columns of `way` have `values`. Postgres answers it from one
 * index, however large the log is. With a limit in order of time, ask for one action at a time.
 */
export function areEvents(
  way: Way,
  fabricId: string | Prisma.Sql,
  values: Values,
  actions: readonly AuditAction[],
  alias = "audit_event",
): Prisma.Sql {
  const key = (action: AuditAction) =>
    Prisma.join(
      [fabricId, ...values, action].map((part) =>
        typeof part === "string" ? Prisma.sql`${part}::text` : part,
      ),
      " || ' ' || ",
    );
  const keys = actions.map(key);
  const columns = columnsOf(way, alias);
  return Prisma.sql`(hashtextextended(${columns}, 0) IN (${Prisma.join(
    keys.map((one) => Prisma.sql`hashtextextended(${one}, 0)`),
  )}) AND ${columns} IN (${Prisma.join(keys)})${conditionOf(way, alias)})`;
}
