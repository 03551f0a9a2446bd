import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { snowflakeAccountName } from "@/lib/connectors/kinds/snowflake";
import { CheckFailure } from "@/worker/check";

const field = "privateKey";

/** Signs a user's token with their private key (docs.snowflake.com/en/developer-guide/sql-api/authenticating). */
export async function signSnowflakeToken(account: string, username: string, pem: string): Promise<string> {
  const { SignJWT } = await import("jose");
  const key = readKey(pem);
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
  const fingerprint = createHash("sha256").update(publicKey).digest("base64");
  const subject = `${snowflakeAccountName(account)}.${username.toUpperCase()}`;
  return new SignJWT()
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(`${subject}.SHA256:${fingerprint}`)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
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
