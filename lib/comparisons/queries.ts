import "server-only";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import {
  type Comparison,
  type ComparisonInput,
  type Difference,
  type Found,
  maxDifferences,
} from "@/lib/comparisons/schema";
import { db, Prisma } from "@/lib/db/client";
import { inListSlot } from "@/lib/limits/list-slots";
import { usedForDays } from "@/lib/secrets/schema";

type Row = {
  noun: "secret" | "connection";
  name: string;
  expected: string | null;
  found: string[];
  total: number;
  different: number;
};

/**
 * Which names of the fabric the others have, with the same type. For a list of names, the fabric itself is looked at,
 * too. Throws `NotFound` for a fabric that the person may not see.
 */
export async function compareFabrics(
  scope: Scope<"secret:list">,
  input: ComparisonInput,
): Promise<Comparison> {
  const { actor, fabricId } = scope;
  const isList = input.names !== undefined;
  const ids = [...new Set([...(isList ? [fabricId] : []), ...input.with.filter((id) => id !== fabricId)])];
  for (const id of ids) await authorize(actor, id, "connection:list");
  const fabrics = await db.fabric.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } });
  const inOrder = ids.flatMap((id) => fabrics.filter((fabric) => fabric.id === id));
  const rows = await inListSlot(actor.id, () => findDifferences(sourceOf(fabricId, input), ids));
  const [first] = rows;
  return {
    fabrics: inOrder,
    names: first?.total ?? 0,
    different: first?.different ?? 0,
    differences: rows.flatMap(({ noun, name, expected, found }): Difference[] =>
      name === null ? [] : [{ noun, name, expected, found: found.map(foundOf) }],
    ),
  };
}

/** The names to look for: noun, name, the name in small letters, and the type in the fabric itself. */
function sourceOf(fabricId: string, { names, pipeline }: ComparisonInput): Prisma.Sql {
  if (names !== undefined)
    return Prisma.sql`
      SELECT DISTINCT ON (lower(one.name)) 'secret' AS noun, one.name, lower(one.name) AS key, s."subKind" AS expected
      FROM unnest(${names}::text[]) AS one(name)
      LEFT JOIN secret_name n ON n."fabricId" = ${fabricId} AND n."nameKey" = lower(one.name)
      LEFT JOIN secret s ON s.id = n."secretId" AND s."deletedAt" IS NULL
      WHERE one.name <> ''`;
  if (pipeline !== undefined) {
    return Prisma.sql`
      SELECT DISTINCT 'secret' AS noun, r.name, lower(r.name) AS key, s."subKind" AS expected
      FROM secret_reader r JOIN secret s ON s.id = r."secretId"
      WHERE r."fabricId" = ${fabricId} AND r."readerName" = ${pipeline} AND r.name <> ''
      UNION
      SELECT 'connection', r.connection, lower(r.connection), c.kind
      FROM secret_reader r LEFT JOIN connection c ON c."fabricId" = r."fabricId" AND c."nameKey" = lower(r.connection)
      WHERE r."fabricId" = ${fabricId} AND r."readerName" = ${pipeline} AND r.connection <> ''`;
  }
  return Prisma.sql`
    SELECT 'secret' AS noun, s.name, s."nameKey" AS key, s."subKind" AS expected
    FROM secret s WHERE s."fabricId" = ${fabricId} AND s."deletedAt" IS NULL
    UNION ALL
    SELECT 'connection', c.name, c."nameKey", c.kind FROM connection c WHERE c."fabricId" = ${fabricId}`;
}

/** The names that some fabric lacks or has with another type, and the counts in each row: one row at least. */
function findDifferences(source: Prisma.Sql, ids: readonly string[]): Promise<Row[]> {
  return db.$queryRaw<Row[]>`
    WITH source AS MATERIALIZED (${source}), looked AS (
      SELECT o.noun, o.name, o.key, o.expected,
        array_agg(coalesce(t.type, '') ORDER BY f.n) AS found,
        bool_or(t.type IS NULL OR (o.expected IS NOT NULL AND ltrim(t.type, '~') <> o.expected)) AS "isDifferent"
      FROM source o
      CROSS JOIN unnest(${[...ids]}::text[]) WITH ORDINALITY AS f(id, n)
      LEFT JOIN LATERAL (
        SELECT CASE WHEN sn."retiredAt" IS NULL THEN '' ELSE '~' END || s."subKind" AS type
        FROM secret_name sn JOIN secret s ON s.id = sn."secretId" AND s."deletedAt" IS NULL
        WHERE o.noun = 'secret' AND sn."fabricId" = f.id AND sn."nameKey" = o.key
        UNION ALL
        SELECT c.kind FROM connection c WHERE o.noun = 'connection' AND c."fabricId" = f.id AND c."nameKey" = o.key
      ) t ON true
      GROUP BY o.noun, o.name, o.key, o.expected
    ), counted AS (
      SELECT (SELECT count(*) FROM source)::int AS total, (count(*) FILTER (WHERE "isDifferent"))::int AS different FROM looked
    )
    SELECT l.noun, l.name, l.expected, l.found, counted.total, counted.different
    FROM counted LEFT JOIN LATERAL (
      SELECT * FROM looked WHERE "isDifferent" ORDER BY noun DESC, key LIMIT ${maxDifferences}
    ) l ON true`;
}

/** A former name is marked with “~”, which is in no type. */
function foundOf(type: string): Found {
  return type === "" ? null : { type: type.replace(/^~/, ""), isFormer: type.startsWith("~") };
}

/** The names of the pipelines that read secrets of the fabric in the last `usedForDays` days, at most 200. */
export async function listComparedPipelines({ fabricId }: Scope<"secret:list">): Promise<string[]> {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT DISTINCT "readerName" AS name FROM secret_reader
    WHERE "fabricId" = ${fabricId} AND "lastReadAt" > now() - make_interval(days => ${usedForDays})
    ORDER BY name LIMIT 200`;
  return rows.map(({ name }) => name);
}
