import "server-only";
import { randomUUID } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

// OWASP's first recommendation for argon2id, the default algorithm of this library.
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

// A hash of a random password. Verifying against it takes as long as for a real account.
const dummyHash = hash(randomUUID(), parameters);

/** Returns the argon2id hash of a password, including its salt and parameters. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, parameters);
}

/**
 * True when the password matches the hash. Without a hash it returns false after the same time, so that
 * timing reveals no accounts.
 */
export async function passwordMatches(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await dummyHash), password);
  return matches && passwordHash !== null;
}
