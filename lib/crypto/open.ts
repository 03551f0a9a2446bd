import { type CryptoKey, compactDecrypt, decodeProtectedHeader } from "jose";
import { contextHeader, type SealContext } from "@/lib/crypto/context";
import { Plaintext } from "@/lib/crypto/plaintext";

/** A sealed value did not open. One error for every cause: a caller learns nothing from which. */
export class CannotOpen extends Error {
  override name = "CannotOpen";

  constructor() {
    super("The sealed value does not open in this place with this key.");
  }
}

const headerMembers = ["alg", "ctx", "enc", "epk", "kid"];

/**
 * Opens one field that was sealed for `context` to the key `kid`.
 * The header is judged before any key agreement: any other member (`zip` above all), algorithm, key or place is refused.
 * Throws `CannotOpen`, always the same.
 */
export async function open(
  sealed: string,
  { kid, key }: { kid: string; key: CryptoKey },
  context: SealContext,
): Promise<Plaintext> {
  try {
    const header = decodeProtectedHeader(sealed);
    const isExpected =
      Object.keys(header).sort().join() === headerMembers.join() &&
      header.alg === "ECDH-ES" &&
      header.enc === "A256GCM" &&
      header.kid === kid &&
      header.ctx === contextHeader(context) &&
      hasOnlyX25519(header.epk);
    if (!isExpected) throw new CannotOpen();
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ["ECDH-ES"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return new Plaintext(plaintext);
  } catch {
    throw new CannotOpen();
  }
}

function hasOnlyX25519(epk: unknown): boolean {
  if (typeof epk !== "object" || epk === null) return false;
  const members = Object.entries(epk);
  return (
    members.length === 3 &&
    "x" in epk &&
    "kty" in epk &&
    epk.kty === "OKP" &&
    "crv" in epk &&
    epk.crv === "X25519"
  );
}
