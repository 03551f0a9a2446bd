import { createHash } from "node:crypto";

/**
 * What a check speaks of: the SHA-256 of kind, properties and the ids of the secrets among them, in canonical order.
 * No value goes into it, so that it can be stored without a key.
 */
export function configHash(kind: string, properties: Readonly<Record<string, unknown>>): string {
  const canonical = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([kind, canonical]))
    .digest("base64url");
}
