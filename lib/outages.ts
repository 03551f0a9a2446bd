import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import { isOutage } from "@/lib/db/errors";

type Own = { isSeen: boolean };

// Of the process, as the pools are: each bundle loads this file for itself.
const shared = globalThis as typeof globalThis & {
  selvageOutageAt?: number;
  selvageOutages?: AsyncLocalStorage<Own>;
};
shared.selvageOutages ??= new AsyncLocalStorage();
const owners = shared.selvageOutages;

/** Whether a statement or a connection of anyone failed for an outage since then, by `performance.now()`. */
export function outageSeenSince(then: number): boolean {
  return (shared.selvageOutageAt ?? Number.NEGATIVE_INFINITY) >= then;
}

/** Watches the outages that one request meets: all that is begun within `run`. */
export function watchOutages(): { run<T>(work: () => T): T; isSeen(): boolean } {
  const own: Own = { isSeen: false };
  return { run: (work) => owners.run(own, work), isSeen: () => own.isSeen };
}

/** Notes an outage for the request that this is called in, however late and wherever the error comes. */
export function noteOutages(): (error: unknown) => void {
  const own = owners.getStore();
  return (error) => {
    if (!isOutage(error)) return;
    shared.selvageOutageAt = performance.now();
    if (own) own.isSeen = true;
  };
}

/** The same for a promise of what another request may have asked for. */
export function noteOutageOf<T>(asked: Promise<T>): Promise<T> {
  asked.catch(noteOutages());
  return asked;
}
