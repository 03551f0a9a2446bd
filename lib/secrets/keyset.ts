import "server-only";
import { z } from "zod";
import type { Prisma } from "@/lib/db";
import type { SecretListQuery, SecretSort } from "@/lib/secrets/schema";

type Direction = "asc" | "desc";
type Columns = { nameKey: string; subKind: string; createdAt: Date; updatedAt: Date; id: string };

/** The columns that each sort goes by; the last one, the id, makes the order total. */
const columns = {
  name: ["nameKey", "id"],
  type: ["subKind", "nameKey", "id"],
  created: ["createdAt", "id"],
  updated: ["updatedAt", "id"],
} as const satisfies Record<SecretSort, readonly (keyof Columns)[]>;

const cursorValues = z.array(z.string().max(256)).min(2).max(3);

/** Where a page ends: the values of its sort's columns, opaque to the browser. */
export function cursorOf(sort: SecretSort, row: Columns): string {
  const values = columns[sort].map((column) => {
    const value = row[column];
    return value instanceof Date ? value.toISOString() : value;
  });
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

/** `orderBy` and the condition that a row lies beyond the cursor. A cursor that does not parse is the first page. */
export function keyset({ sort, order, after, before }: SecretListQuery): {
  orderBy: Prisma.SecretOrderByWithRelationInput[];
  where: Prisma.SecretWhereInput;
  isBackward: boolean;
} {
  const isBackward = after === undefined && before !== undefined;
  const direction: Direction = (order === "asc") === isBackward ? "desc" : "asc";
  const values = parseCursor(after ?? before);
  const names = columns[sort];
  return {
    orderBy: names.map((name) => ({ [name]: direction })),
    where: values?.length === names.length ? beyond(names, values, direction) : {},
    isBackward: isBackward && values?.length === names.length,
  };
}

/** (a, b, c) beyond (x, y, z): a beyond x, or a equal and b beyond y, and so on. */
function beyond(
  names: readonly (keyof Columns)[],
  values: readonly string[],
  direction: Direction,
): Prisma.SecretWhereInput {
  const operator = direction === "asc" ? "gt" : "lt";
  return {
    OR: names.map((name, index) => ({
      AND: [
        ...names.slice(0, index).map((earlier, i) => ({ [earlier]: typed(earlier, values[i] ?? "") })),
        { [name]: { [operator]: typed(name, values[index] ?? "") } },
      ],
    })),
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
