import { CompactEncrypt, compactDecrypt, type JWK } from "jose";
import { wrapProven } from "@/automate/keys/wrap-proven";
import { CannotOpen, type OpeningKey, openingKey } from "@/lib/crypto/open";
import { contextText, type KeyContext, KeyServiceFault, type MasterKey } from "@/lib/kms/define";

/** A private key as it is stored in `fabric_key`. */
export type WrappedPrivateKey = { wrappedPrivate: string; wrappedKey: string; masterKeyId: string };

/**
 * Encrypts the private key as a JWE under a one-time key that the master key wraps. The binding to the fabric
 * therefore does not depend on the provider.
 */
export async function wrapPrivateKey(
  masterKey: MasterKey,
  privateJwk: JWK,
  context: KeyContext,
): Promise<WrappedPrivateKey> {
  const oneTimeKey = crypto.getRandomValues(new Uint8Array(32));
  const wrappedPrivate = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(privateJwk)))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", ctx: contextText(context) })
    .encrypt(oneTimeKey);
  const wrappedKey = await wrapProven(masterKey, oneTimeKey, context);
  return { wrappedPrivate, wrappedKey, masterKeyId: masterKey.fingerprint };
}

/**
 * Returns the private key for opening. Throws `CannotOpen` when it was changed or wrapped for another fabric, and
 * `KeyServiceFault` when the master key is not usable.
 */
export async function unwrapPrivateKey(
  masterKey: MasterKey,
  { wrappedPrivate, wrappedKey }: Pick<WrappedPrivateKey, "wrappedPrivate" | "wrappedKey">,
  context: KeyContext,
): Promise<OpeningKey> {
  try {
    const oneTimeKey = await masterKey.unwrap(wrappedKey, context);
    const { plaintext, protectedHeader } = await compactDecrypt(wrappedPrivate, oneTimeKey, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    if (protectedHeader.ctx !== contextText(context) || "zip" in protectedHeader) throw new CannotOpen();
    return openingKey(context.kid, JSON.parse(new TextDecoder().decode(plaintext)));
  } catch (error) {
    if (error instanceof KeyServiceFault) throw error;
    throw new CannotOpen();
  }
}
