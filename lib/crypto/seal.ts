import { CompactEncrypt } from "jose";
import { contextHeader, type SealContext } from "@/lib/crypto/context";
import type { VerifiedFabricKey } from "@/lib/crypto/fabric-key";

/**
 * Seals one field to its fabric's public key: compact JWE (RFC 7516), ECDH-ES over X25519 (RFC 7518 §4.6, RFC
 * 8037), A256GCM.
 * The protected header is exactly `alg, enc, epk, kid, ctx`, so that the value opens only in its context.
 * Sealing needs no private key, so web cannot open: see docs/threat-model.md.
 */
export async function seal(key: VerifiedFabricKey, context: SealContext, value: Uint8Array): Promise<string> {
  if (context.fabricId !== key.fabricId)
    throw new Error("A value must be sealed to the key of its own fabric.");
  return new CompactEncrypt(value)
    .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", kid: key.kid, ctx: contextHeader(context) })
    .encrypt(key.key);
}
