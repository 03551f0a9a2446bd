import "server-only";
import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { createSlots, type Slots } from "@/lib/limits/slots";
import { processState } from "@/lib/process-state";

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

/**
 * argon2 runs on libuv's four threads, which files and DNS need too, and each password takes 20 ms of a core.
 * At most half of the cores, and two threads, work on passwords. 16 people of one network can arrive at once.
 */
const limits = {
  atOnce: Math.min(2, Math.max(1, Math.floor(availableParallelism() / 2))),
  waiting: 128,
  waitingPerKey: 16,
};

/** Seconds after which a caller who found the queue full should retry. */
export const passwordRetrySeconds = 2;

const shared = processState<{ passwordSlots: Slots }>();

/**
 * Runs work on one password once it has a slot. Returns null, without running it, when too many wait: in all,
 * or of this `key`, which is the network, the account or the invitation that it comes from.
 */
export async function withPasswordSlot<T>(key: string, work: () => Promise<T>): Promise<T | null> {
  shared.passwordSlots ??= createSlots(limits);
  const slot = await shared.passwordSlots.acquire(key);
  if (!slot) return null;
  try {
    return await work();
  } finally {
    slot.release();
  }
}
