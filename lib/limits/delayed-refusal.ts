import { setTimeout as sleep } from "node:timers/promises";

/** How long a refusal waits, in milliseconds: no longer than the shortest Retry-After. */
const delayMs = 1_000;
const maxWaiting = 2_000;

let waiting = 0;

/**
 * Waits before a refusal with 429 is sent, so that a client that ignores Retry-After sends one request a second on
 * each of its connections. Returns at once while very many refusals wait: they hold connections.
 */
export async function delayRefusal(): Promise<void> {
  if (waiting >= maxWaiting) return;
  waiting += 1;
  await sleep(delayMs, undefined, { ref: false });
  waiting -= 1;
}
