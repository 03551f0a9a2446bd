import { createHash } from "node:crypto";
import { findConnector } from "@/lib/connectors/registry";
import { hiddenProperties } from "@/lib/connectors/validate";

/**
 * Identifies the configuration that a check tested: SHA-256 of kind, properties and secret ids, in canonical
 * order.
 * It covers no secret value, so it can be stored without a key. Fields that do not affect a check are left
 * out.
 */
export function configHash(kind: string, properties: Readonly<Record<string, unknown>>): string {
  const connector = findConnector(kind);
  const hidden = connector === null ? {} : hiddenProperties(connector, properties);
  const canonical = Object.entries(properties)
    .filter(([field, value]) => value !== undefined && value !== null && value !== "" && !(field in hidden))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([kind, canonical]))
    .digest("base64url");
}
