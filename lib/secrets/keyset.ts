import "server-only";
import * as z from "zod";
import { decodeCursor, encodeCursor } from "@/lib/db/cursor";
import { postgresText } from "@/lib/db/text";
import type { SecretListQuery, SecretSort } from "@/lib/secrets/schema";

/** The columns of all sort orders. A row of a page has those of its own order. */
export type KeysetColumns = {
  nameKey: string;
  subKind: string;
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date;
  isUsed: boolean;
  idleSince: Date;
  id: string;
};

/** The columns of each sort order. The last one, the id, makes the order total. */
const columns = {
  name: ["nameKey", "id"],
  type: ["subKind", "nameKey", "id"],
  created: ["createdAt", "id"],
  updated: ["updatedAt", "id"],
  expires: ["expiresAt", "id"],
  // Before all others those that were never used, by their creation.
  used: ["isUsed", "idleSince", "id"],
} as const satisfies Record<SecretSort, readonly (keyof KeysetColumns)[]>;

const text = postgresText(512);
const time = z.iso.datetime().transform((value) => new Date(value));
/** A cursor's content: its sort order and the values of that order's columns. */
const cursorSchemas = {
  name: z.tuple([z.literal("name"), text, text]),
  type: z.tuple([z.literal("type"), text, text, text]),
  created: z.tuple([z.literal("created"), time, text]),
  updated: z.tuple([z.literal("updated"), time, text]),
  expires: z.tuple([z.literal("expires"), time, text]),
  used: z.tuple([z.literal("used"), z.boolean(), time, text]),
} as const satisfies Record<SecretSort, z.ZodType>;

/** Encodes the end of a page: its sort order and column values. Opaque to the browser. */
export function cursorOf(sort: SecretSort, row: KeysetColumns): string {
  return encodeCursor([sort, ...columns[sort].map((column) => row[column])]);
}

/**
 * Returns the SQL of a page's columns, start and order. Values go only through `bind`, which returns a placeholder, so
 * that few different texts exist to prepare.
 * An invalid cursor selects the first page. `isBackward` is true when the page is read from its end.
 */
export function keyset(
  { sort, order, after, before }: SecretListQuery,
  bind: (value: string | boolean | Date) => string,
): { columns: string; orderBy: string; beyond: string | undefined; isBackward: boolean } {
  const wantsBackward = after === undefined && before !== undefined;
  const isDescending = (order === "asc") === wantsBackward;
  const names = columns[sort];
  const position = parseCursor(sort, after ?? before);
  return {
    columns: names.map((name) => `s."${name}"`).join(", "),
    orderBy: names.map((name) => `s."${name}" ${isDescending ? "DESC" : "ASC"}`).join(", "),
    beyond: position
      ? `(${names.map((name) => `s."${name}"`).join(", ")}) ${isDescending ? "<" : ">"} (${position.map(bind).join(", ")})`
      : undefined,
    isBackward: wantsBackward && position !== undefined,
  };
}

/** True for a cursor that `cursorOf` made for this sort order. */
export function isCursor(sort: SecretSort, cursor: string): boolean {
  return parseCursor(sort, cursor) !== undefined;
}

function parseCursor(sort: SecretSort, cursor: string | undefined): (string | boolean | Date)[] | undefined {
  const schema: z.ZodType<[SecretSort, ...(string | boolean | Date)[]]> = cursorSchemas[sort];
  return decodeCursor(schema, cursor)?.slice(1);
}
