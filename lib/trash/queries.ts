import "server-only";
import * as z from "zod";
import { allows } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { literal } from "@/lib/db/client";
import { decodeCursor, encodeCursor } from "@/lib/db/cursor";
import { preparedQuery } from "@/lib/db/prepared";
import { postgresText } from "@/lib/db/text";
import { webEnv } from "@/lib/env";
import { inListSlot, type PageRequest } from "@/lib/limits/list-slots";
import type { TrashItem, TrashPage, TrashQuery } from "@/lib/trash/schema";

const pageSize = 50;

type Row = Omit<TrashItem, "canRestore" | "canPurge"> & { createdById: string; deletedById: string };

/** The parameters: $1 the fabric, $2 the limit, $3 the search, $4 the days in the trash, then the cursor. */
const secrets = `
  SELECT 'secret' AS type, s.id, s.name, s."subKind" AS kind, s."createdById", t."deletedAt", t."deletedById", t."deletedByName",
    EXISTS (SELECT FROM secret_name n WHERE n."fabricId" = s."fabricId" AND n."nameKey" = s."nameKey" AND n."secretId" <> s.id) AS "isNameTaken",
    '{}'::text[] AS "waitsFor"
  FROM trashed_secret t JOIN secret s ON s.id = t."secretId"
  WHERE t."fabricId" = $1 AND s."nameKey" LIKE $3`;
const connections = `
  SELECT 'connection' AS type, t.id, t.name, t.kind, t."createdById", t."deletedAt", t."deletedById", t."deletedByName",
    EXISTS (SELECT FROM connection c WHERE c."fabricId" = t."fabricId" AND c."nameKey" = t."nameKey") AS "isNameTaken",
    ARRAY(SELECT DISTINCT s.name FROM trashed_connection_secret r JOIN secret s ON s.id = r."secretId"
      WHERE r."connectionId" = t.id AND s."deletedAt" IS NOT NULL ORDER BY s.name) AS "waitsFor"
  FROM trashed_connection t
  WHERE t."fabricId" = $1 AND t."nameKey" LIKE $3`;
const parts = {
  secret: { text: secrets, id: `t."secretId"` },
  connection: { text: connections, id: "t.id" },
} as const;

/** One page of a fabric's trash, the newest first. */
export async function listTrash(
  scope: Scope<"trash:list">,
  { search, type, after, before }: TrashQuery,
  { limit = pageSize, isLater }: PageRequest = {},
): Promise<TrashPage> {
  const position = parseCursor(after ?? before);
  const isBackward = after === undefined && position !== undefined;
  const [order, beyond] = isBackward ? ["ASC", ">"] : ["DESC", "<"];
  const types = type ? [parts[type]] : Object.values(parts);
  const selected = types.map(({ text, id }) => {
    const from = position ? ` AND (t."deletedAt", ${id}) ${beyond} ($5::timestamptz, $6)` : "";
    return `(${text}${from} ORDER BY t."deletedAt" ${order}, ${id} ${order} LIMIT $2)`;
  });
  const text = `SELECT items.*, "deletedAt" + make_interval(days => $4::int) AS "purgeAt",
      "deletedAt" + make_interval(days => $4::int) <= now() AS "isBeingPurged"
    FROM (${selected.join(" UNION ALL ")}) items ORDER BY "deletedAt" ${order}, id ${order} LIMIT $2`;
  const pattern = `%${literal(search.toLowerCase())}%`;
  const values = [scope.fabricId, limit + 1, pattern, webEnv().TRASH_DAYS, ...(position ?? [])];
  const find = () => preparedQuery<Row>(text)(...values);
  const rows = await inListSlot(scope.actor.id, find, { isLater });
  const page = rows.slice(0, limit);
  if (isBackward) page.reverse();
  const hasMore = rows.length > limit;
  const [first, last] = [page.at(0), page.at(-1)];
  return {
    items: page.map((row) => itemOf(scope, row)),
    next: last && (isBackward || hasMore) ? cursorOf(last) : null,
    previous: first && (isBackward ? hasMore : position) ? cursorOf(first) : null,
    isTrashEmpty: rows.length === 0 && (await countTrash(scope)) === 0,
  };
}

const counts = preparedQuery<{ count: number }>(
  `SELECT ((SELECT count(*) FROM trashed_secret WHERE "fabricId" = $1)
    + (SELECT count(*) FROM trashed_connection WHERE "fabricId" = $1))::int AS count`,
);

/** How many secrets and connections are in a fabric's trash. */
export async function countTrash({ fabricId }: Pick<Scope<"trash:list">, "fabricId">): Promise<number> {
  return (await counts(fabricId))[0]?.count ?? 0;
}

function itemOf(scope: Scope<"trash:list">, { createdById, deletedById, ...row }: Row): TrashItem {
  const { actor, role } = scope;
  const isOwn = createdById === actor.id && deletedById === actor.id;
  const permission = row.type === "connection" ? "connection:write" : "secret:restore";
  const canRestore = allows(role, permission) || (isOwn && allows(role, "secret:restore:own"));
  return { ...row, canRestore, canPurge: allows(role, "trash:purge") };
}

const cursorSchema = z.tuple([z.iso.datetime().transform((text) => new Date(text)), postgresText(64)]);

function cursorOf({ deletedAt, id }: Pick<Row, "deletedAt" | "id">): string {
  return encodeCursor([deletedAt, id]);
}

function parseCursor(cursor: string | undefined) {
  return decodeCursor(cursorSchema, cursor);
}

/** True for a cursor of this list. */
export function isCursor(cursor: string): boolean {
  return parseCursor(cursor) !== undefined;
}
