import * as z from "zod";

/** True for text that Postgres can store unchanged: no U+0000 and no lone surrogate. */
export function isPostgresText(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** Schema of text that the database can store and compare, with at most `maxLength` characters. */
export function postgresText(
  maxLength: number,
  message = "This contains a character that cannot be stored.",
) {
  return z.string().max(maxLength).refine(isPostgresText, message);
}
