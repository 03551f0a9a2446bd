import { CompactSign, importJWK, type JWK } from "jose";
import { fabricKeyStatement, verifyFabricKey } from "@/lib/crypto/fabric-key";

/** Signs a fabric's public key with automate's signing key (compact JWS, EdDSA, RFC 8037). */
export async function signFabricKey(
  { fabricId, kid, publicJwk }: { fabricId: string; kid: string; publicJwk: JWK },
  signingKey: JWK,
): Promise<string> {
  const statement = fabricKeyStatement(fabricId, kid, publicJwk);
  return new CompactSign(new TextEncoder().encode(statement))
    .setProtectedHeader({ alg: "EdDSA", typ: "selvage-fabric-key" })
    .sign(await importJWK(signingKey, "EdDSA"));
}

/** True when this signing key of automate signed a fabric key. */
export function isSignedBy(signingKey: JWK, row: Parameters<typeof verifyFabricKey>[0]): Promise<boolean> {
  return verifyFabricKey(row, [publicHalf(signingKey)]).then(
    () => true,
    () => false,
  );
}

export function publicHalf({ kty = "", crv = "", x = "" }: JWK) {
  return { kty, crv, x };
}
