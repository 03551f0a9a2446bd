import { isPostgresText } from "@/lib/db/text";

/** No field of ours lies deeper. */
const deepest = 16;

/**
 * The strings of a body that no column can hold, by their paths: U+0000, which Postgres does not store, and half of a surrogate
 * pair, which is no Unicode. A secret's value is sealed as bytes, so that its own schema judges it.
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
