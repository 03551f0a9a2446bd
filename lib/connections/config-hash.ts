import { createHash } from "node:crypto";
import { findConnector } from "@/lib/connectors/registry";
import { keptProperties } from "@/lib/connectors/validate";

/**
 * What a check speaks of: the SHA-256 of kind, properties and the ids of the secrets among them, in canonical order.
 * No value goes into it, so that it can be stored without a key. Fields that mean nothing to a check do not count.
 */
export function configHash(kind: string, properties: Readonly<Record<string, unknown>>): string {
  const connector = findConnector(kind);
  const kept = connector === null ? {} : keptProperties(connector, properties);
  const canonical = Object.entries(properties)
    .filter(([field, value]) => value !== undefined && value !== null && value !== "" && !(field in kept))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([kind, canonical]))
    .digest("base64url");
}
