import "server-only";
import type { Prisma } from "@/lib/db/client";

/** Binds a value, and returns its placeholder. */
export type Bind = (value: unknown) => string;

/** The text of a part of a statement, with its values bound. */
export function bound({ strings, values }: Prisma.Sql, bind: Bind): string {
  return strings.reduce((text, next, i) => `${text}${bind(values[i - 1])}${next}`);
}
