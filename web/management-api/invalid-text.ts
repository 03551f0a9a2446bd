import { isPostgresText } from "@/lib/db/text";

/** No field of the API is nested deeper. */
const deepest = 16;

/**
 * Finds the body's strings that Postgres text cannot store, by path: those with U+0000 or an unpaired
 * surrogate. Secret values are sealed as bytes, so their own schemas validate them.
 */
export function unstorable(body: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  search(body, []);
  return found;

  function search(value: unknown, path: readonly string[]): void {
    if (isSealed(path)) return;
    if (typeof value === "string") {
      if (!isPostgresText(value)) found[path.join(".")] = "This holds a character that cannot be stored.";
    } else if (typeof value === "object" && value !== null && path.length < deepest) {
      for (const [name, member] of Object.entries(value)) {
        if (isPostgresText(name)) search(member, [...path, name]);
        else found[path.join(".")] = "A name here holds a character that cannot be stored.";
      }
    }
  }
}

function isSealed(path: readonly string[]): boolean {
  return /^(secret\.)?properties\.value$/.test(path.join("."));
}
