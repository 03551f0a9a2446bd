import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { snowflakeAccountName } from "@/lib/connectors/kinds/snowflake";
import { CheckFailure } from "@/worker/check";

const field = "privateKey";

/** Signs a user's token with their private key (docs.snowflake.com/en/developer-guide/sql-api/authenticating). */
export async function signSnowflakeToken(account: string, username: string, pem: string): Promise<string> {
  const { SignJWT } = await import("jose");
  const key = readKey(pem);
  const subject = `${snowflakeAccountName(account)}.${username.toUpperCase()}`;
  return new SignJWT()
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(`${subject}.${snowflakeFingerprint(pem)}`)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
}

/** The fingerprint of the public key of this private key, as Snowflake shows it. */
export function snowflakeFingerprint(pem: string): string {
  const publicKey = createPublicKey(readKey(pem)).export({ type: "spki", format: "der" });
  return `SHA256:${createHash("sha256").update(publicKey).digest("base64")}`;
}

function readKey(pem: string): KeyObject {
  if (/BEGIN ENCRYPTED|Proc-Type:.*ENCRYPTED/.test(pem))
    throw new CheckFailure("private_key_encrypted", field);
  const key = parseKey(pem.trim());
  // Snowflake requires at least 2048 bits.
  const bits = key?.asymmetricKeyType === "rsa" ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0;
  if (key === null || bits < 2048) throw new CheckFailure("private_key_invalid", field);
  return key;
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
