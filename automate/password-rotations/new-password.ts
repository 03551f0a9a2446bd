import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPair,
  pbkdf2Sync,
  randomBytes,
  randomInt,
} from "node:crypto";
import { promisify } from "node:util";
import { type Alphabet, alphabets } from "@/lib/password-rotations/schema";

/** A password's rules: its length in characters, and its characters. */
export type PasswordRules = { length: number; alphabet: Alphabet };

/**
 * Makes a password of uniformly chosen characters. It has at least one of each set of its alphabet, because servers
 * refuse others; one without is thrown away, so that all the rest stay equally likely.
 */
export function newPassword({ length, alphabet }: PasswordRules): string {
  const { sets } = alphabets[alphabet];
  const characters = sets.join("");
  for (;;) {
    const password = Array.from({ length }, () => characters[randomInt(characters.length)]).join("");
    if (sets.every((set) => [...set].some((character) => password.includes(character)))) return password;
  }
}

/**
 * The verifier that PostgreSQL stores for a password (RFC 5803, with RFC 5802 §3), with its default of 4096 rounds.
 * SASLprep leaves the password as it is, because it is ASCII.
 */
export function scramVerifier(password: string, salt = randomBytes(16), rounds = 4096): string {
  const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
  const key = (name: string) => createHmac("sha256", salted).update(name).digest();
  const storedKey = createHash("sha256").update(key("Client Key")).digest("base64");
  const serverKey = key("Server Key").toString("base64");
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

/** The hash that MariaDB stores for a password (its function PASSWORD()). It has no salt. */
export function nativeHash(password: string): string {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}

/** The hash that Redshift stores for a password ("CREATE USER", docs.aws.amazon.com/redshift). Its salt is the user. */
export function md5Hash(password: string, user: string): string {
  return `md5${createHash("md5").update(password).update(user).digest("hex")}`;
}

/** Makes an RSA key of the size that Snowflake documents, as PEM (PKCS #8). */
export async function newPrivateKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The public key of a private one, as base64 of its SPKI. */
export function publicKeyOf(pem: string): string {
  return createPublicKey(pem).export({ type: "spki", format: "der" }).toString("base64");
}
