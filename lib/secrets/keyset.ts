import "server-only";
import { z } from "zod";
import { postgresText } from "@/lib/db/text";
import type { SecretListQuery, SecretSort } from "@/lib/secrets/schema";

type Columns = { nameKey: string; subKind: string; createdAt: Date; updatedAt: Date; id: string };

/** The columns that each sort goes by; the last one, the id, makes the order total. */
const columns = {
  name: ["nameKey", "id"],
  type: ["subKind", "nameKey", "id"],
  created: ["createdAt", "id"],
  updated: ["updatedAt", "id"],
} as const satisfies Record<SecretSort, readonly (keyof Columns)[]>;

const text = postgresText(512);
const time = z.iso.datetime().transform((value) => new Date(value));
/** What a cursor has: its sort, and of those columns the values. */
const cursors = {
  name: z.tuple([z.literal("name"), text, text]),
  type: z.tuple([z.literal("type"), text, text, text]),
  created: z.tuple([z.literal("created"), time, text]),
  updated: z.tuple([z.literal("updated"), time, text]),
} as const satisfies Record<SecretSort, z.ZodType>;

/** Where a page ends: the values of its sort's columns, opaque to the browser. */
export function cursorOf(sort: SecretSort, row: Columns): string {
  const values = columns[sort].map((column) => {
    const value = row[column];
    return value instanceof Date ? value.toISOString() : value;
  });
  return Buffer.from(JSON.stringify([sort, ...values])).toString("base64url");
}

/**
 * Where a page begins, and in which order it comes from the table: one of few texts of SQL, and the values that it compares
 * with by `bind`. A cursor that does not parse is the first page; `isBackward` when the page is read from its end.
 */
export function keyset(
  { sort, order, after, before }: SecretListQuery,
  bind: (value: string | Date) => string,
): { orderBy: string; beyond: string | undefined; isBackward: boolean } {
  const wantsBackward = after === undefined && before !== undefined;
  const isDescending = (order === "asc") === wantsBackward;
  const names = columns[sort];
  const placed = parseCursor(sort, after ?? before);
  return {
    orderBy: names.map((name) => `s."${name}" ${isDescending ? "DESC" : "ASC"}`).join(", "),
    beyond: placed
      ? `(${names.map((name) => `s."${name}"`).join(", ")}) ${isDescending ? "<" : ">"} (${placed.map(bind).join(", ")})`
      : undefined,
    isBackward: wantsBackward && placed !== undefined,
  };
}

/** True for what `cursorOf` made for this sort. */
export function isCursor(sort: SecretSort, cursor: string): boolean {
  return parseCursor(sort, cursor) !== undefined;
}

function parseCursor(sort: SecretSort, cursor: string | undefined): (string | Date)[] | undefined {
  if (!cursor) return undefined;
  try {
    const [, ...values] = cursors[sort].parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    return values;
  } catch {
    return undefined;
  }
}
