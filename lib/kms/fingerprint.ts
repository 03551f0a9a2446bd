import { createHash } from "node:crypto";
import type { ProviderName } from "@/lib/kms/define";

/**
 * The fingerprint of a key that stays in its service: SHA-256 over the provider and the key's canonical name,
 * 16 characters of base64url. The name has no version, so that the service can rotate the key by itself.
 */
export function fingerprintOf(provider: ProviderName, canonicalName: string): string {
  return createHash("sha256")
    .update(`selvage master key\n${provider}\n${canonicalName}`)
    .digest("base64url")
    .slice(0, 16);
}
