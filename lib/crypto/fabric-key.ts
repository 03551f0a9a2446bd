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
 * Throws `UntrustedFabricKey` for a key that automate did not sign for this fabric and id.
 */
export async function verifyFabricKey(
  row: { fabricId: string; kid: string; publicJwk: string; signature: string },
  automatePublicKey: JWK,
): Promise<VerifiedFabricKey> {
  try {
    const jwk: JWK = JSON.parse(row.publicJwk);
    const { payload, protectedHeader } = await compactVerify(
      row.signature,
      await importJWK(automatePublicKey, "EdDSA"),
      {
        algorithms: ["EdDSA"],
      },
    );
    const statement = fabricKeyStatement(row.fabricId, row.kid, jwk);
    const isSame =
      new TextDecoder().decode(payload) === statement && protectedHeader.typ === "selvage-fabric-key";
    if (!isSame || jwk.kty !== "OKP" || jwk.crv !== "X25519") throw new Error("statement differs");
    const key = await importJWK({ kty: "OKP", crv: "X25519", x: jwk.x ?? "" }, "ECDH-ES");
    if (key instanceof Uint8Array) throw new Error("not an asymmetric key");
    return { fabricId: row.fabricId, kid: row.kid, key } as VerifiedFabricKey;
  } catch {
    throw new UntrustedFabricKey(
      `The public key of fabric ${row.fabricId} is not signed by the key in AUTOMATE_PUBLIC_KEY: the variable holds another Automate's key, or somebody changed the fabric's key.`,
    );
  }
}
