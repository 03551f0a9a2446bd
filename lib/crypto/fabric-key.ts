import { type CryptoKey, compactVerify, importJWK, type JWK } from "jose";

declare const verified: unique symbol;
/** A fabric's public key with automate's signature verified. Only `verifyFabricKey` creates one. */
export type VerifiedFabricKey = {
  readonly fabricId: string;
  readonly kid: string;
  readonly key: CryptoKey;
  readonly [verified]: true;
};

/** The statement that automate signs: this key with this id belongs to this fabric. */
export function fabricKeyStatement(fabricId: string, kid: string, publicJwk: JWK): string {
  return JSON.stringify({ fabricId, kid, kty: publicJwk.kty, crv: publicJwk.crv, x: publicJwk.x });
}

/**
 * A fabric key lacks automate's signature. An attacker with database access may have replaced it to read new
 * values.
 */
export class UntrustedFabricKey extends Error {
  override name = "UntrustedFabricKey";
}

/**
 * Verifies the signature on a fabric's public key (JWS, EdDSA, RFC 8037).
 * Throws `UntrustedFabricKey` for a key that none of automate's keys signed for this fabric and id.
 */
export async function verifyFabricKey(
  row: { fabricId: string; kid: string; publicJwk: string; signature: string },
  automatePublicKeys: readonly JWK[],
): Promise<VerifiedFabricKey> {
  try {
    const jwk: JWK = JSON.parse(row.publicJwk);
    const statement = fabricKeyStatement(row.fabricId, row.kid, jwk);
    const isSigned = await isSignedByAny(row.signature, statement, automatePublicKeys);
    if (!isSigned || jwk.kty !== "OKP" || jwk.crv !== "X25519") throw new Error("statement differs");
    const key = await importJWK({ kty: "OKP", crv: "X25519", x: jwk.x ?? "" }, "ECDH-ES");
    if (key instanceof Uint8Array) throw new Error("not an asymmetric key");
    return { fabricId: row.fabricId, kid: row.kid, key } as VerifiedFabricKey;
  } catch {
    throw new UntrustedFabricKey(
      `The public key of fabric ${row.fabricId} is not signed by a key in AUTOMATE_PUBLIC_KEY: the variable holds another Automate's key, or somebody changed the fabric's key.`,
    );
  }
}

async function isSignedByAny(signature: string, statement: string, keys: readonly JWK[]): Promise<boolean> {
  for (const key of keys) {
    const verified = await compactVerify(signature, await importJWK(key, "EdDSA"), {
      algorithms: ["EdDSA"],
    }).catch(() => undefined);
    if (!verified) continue;
    const { payload, protectedHeader } = verified;
    return new TextDecoder().decode(payload) === statement && protectedHeader.typ === "selvage-fabric-key";
  }
  return false;
}
