import "server-only";
import { Busy } from "@/lib/limits/busy";
import { createTurns, type Turns } from "@/lib/limits/turns";
import { noteBusy } from "@/lib/outages";

/**
 * Fewer than the connections of a pool: slow searches must leave some for sign-ins, tokens and pages. More at once
 * would not be faster, because each program runs in one thread.
 */
const limits = { atOnce: 8, atOncePerKey: 3, waiting: 400, waitingPerKey: 100 };
/** How long a list waits for its turn, in milliseconds. */
const maxWaitMs = 10_000;

// One for each process: Next loads this module once per bundle.
const shared = globalThis as typeof globalThis & {
  selvageListTurns?: { turns: Turns; inProgress: Map<string, number> };
};

/**
 * Runs one page of a list, or a search, when it is its turn. Bounds how many run at once: of one person or token,
 * and of all. Throws `Busy` when too many wait, or when the turn does not come in time.
 */
export async function inListTurn<T>(callerId: string, work: () => Promise<T>): Promise<T> {
  shared.selvageListTurns ??= { turns: createTurns(limits), inProgress: new Map() };
  const { turns, inProgress } = shared.selvageListTurns;
  const others = inProgress.get(callerId) ?? 0;
  inProgress.set(callerId, others + 1);
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(), maxWaitMs);
  try {
    const end = await turns.take(callerId, tooLate.signal);
    clearTimeout(timer);
    if (end) return await work().finally(end);
    noteBusy();
    throw others > 0
      ? new Busy(true, "Too many lists and searches at once: wait until your others have finished.")
      : new Busy(false, "Too many lists and searches are in progress: try again.");
  } finally {
    clearTimeout(timer);
    const left = (inProgress.get(callerId) ?? 1) - 1;
    if (left > 0) inProgress.set(callerId, left);
    else inProgress.delete(callerId);
  }
}
