import "server-only";
import { randomUUID } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

// OWASP's first choice for argon2id, which is this library's default algorithm.
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

// Nobody's password: verifying against it costs what verifying a person's does.
const nobodys = hash(randomUUID(), parameters);

/** The argon2id hash of a password, with its salt and parameters. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, parameters);
}

/** True when `password` is the one behind `passwordHash`. Takes as long when there is no hash, and is false then. */
export async function passwordMatches(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await nobodys), password);
  return matches && passwordHash !== null;
}
