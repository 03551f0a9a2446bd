import { isPostgresText } from "@/lib/db/text";

/** No field of the API is nested deeper. */
const maxDepth = 16;
/** Secret values are sealed as bytes, so their own schemas validate them. */
const sealed = /^(secret\.)?properties\.value$/;

/**
 * Finds the body's strings that Postgres text cannot store, with their paths: those with U+0000 or an
 * unpaired surrogate.
 */
export function findInvalidText(
  value: unknown,
  path: readonly string[] = [],
): [path: string, message: string][] {
  const at = path.join(".");
  if (sealed.test(at)) return [];
  if (typeof value === "string")
    return isPostgresText(value) ? [] : [[at, "This contains a character that cannot be stored."]];
  if (typeof value !== "object" || value === null || path.length >= maxDepth) return [];
  return Object.entries(value).flatMap(([name, member]): [string, string][] =>
    isPostgresText(name)
      ? findInvalidText(member, [...path, name])
      : [[at, "A member name contains a character that cannot be stored."]],
  );
}
