import { z } from "zod";

/** True for text that Postgres holds and compares as it is: it knows no U+0000, and no half of a surrogate pair. */
export function isPostgresText(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** Text of at most so many characters that the database can hold and compare. */
export function postgresText(maxLength: number, message = "This holds a character that cannot be stored.") {
  return z.string().max(maxLength).refine(isPostgresText, message);
}
