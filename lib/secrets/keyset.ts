import "server-only";
import { z } from "zod";
import type { SecretListQuery, SecretSort } from "@/lib/secrets/schema";

type Columns = { nameKey: string; subKind: string; createdAt: Date; updatedAt: Date; id: string };

/** The columns that each sort goes by; the last one, the id, makes the order total. */
const columns = {
  name: ["nameKey", "id"],
  type: ["subKind", "nameKey", "id"],
  created: ["createdAt", "id"],
  updated: ["updatedAt", "id"],
} as const satisfies Record<SecretSort, readonly (keyof Columns)[]>;

const cursorValues = z
  .array(
    z
      .string()
      .max(256)
      .regex(/^[^\0]*$/),
  )
  .min(2)
  .max(3);

/** Where a page ends: the values of its sort's columns, opaque to the browser. */
export function cursorOf(sort: SecretSort, row: Columns): string {
  const values = columns[sort].map((column) => {
    const value = row[column];
    return value instanceof Date ? value.toISOString() : value;
  });
  return Buffer.from(JSON.stringify(values)).toString("base64url");
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
  const values = parseCursor(after ?? before);
  const isPlaced = values?.length === names.length;
  const placed = names.map((name, index) => typed(name, values?.[index] ?? ""));
  return {
    orderBy: names.map((name) => `s."${name}" ${isDescending ? "DESC" : "ASC"}`).join(", "),
    beyond: isPlaced
      ? `(${names.map((name) => `s."${name}"`).join(", ")}) ${isDescending ? "<" : ">"} (${placed.map(bind).join(", ")})`
      : undefined,
    isBackward: wantsBackward && isPlaced,
  };
}

function typed(name: keyof Columns, value: string): string | Date {
  if (name !== "createdAt" && name !== "updatedAt") return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

function parseCursor(cursor: string | undefined): string[] | undefined {
  if (!cursor) return undefined;
  try {
    return cursorValues.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    return undefined;
  }
}
