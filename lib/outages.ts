import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import { isOutage } from "@/lib/db/errors";

type RequestState = { isSeen: boolean };

// On `globalThis`, like the pool: each bundle loads its own copy of this file.
const shared = globalThis as typeof globalThis & {
  selvageOutageAt?: number;
  selvageOutages?: AsyncLocalStorage<RequestState>;
};
shared.selvageOutages ??= new AsyncLocalStorage();
const owners = shared.selvageOutages;

/** True if any request met an outage since `then`, a time of `performance.now()`. */
export function outageSeenSince(since: number): boolean {
  return (shared.selvageOutageAt ?? Number.NEGATIVE_INFINITY) >= since;
}

/** Watches the outages that one request meets: in all work that starts within `run`. */
export function watchOutages(): { run<T>(work: () => T): T; isSeen(): boolean } {
  const request: RequestState = { isSeen: false };
  return { run: (work) => owners.run(request, work), isSeen: () => request.isSeen };
}

/**
 * Returns a function that notes an outage for the current request, no matter when and where the error
 * arrives.
 */
export function noteOutages(): (error: unknown) => void {
  const request = owners.getStore();
  return (error) => {
    if (!isOutage(error)) return;
    shared.selvageOutageAt = performance.now();
    if (request) request.isSeen = true;
  };
}

/** Notes an outage of a promise that several requests may share, for the current request. */
export function noteOutageOf<T>(promise: Promise<T>): Promise<T> {
  promise.catch(noteOutages());
  return promise;
}
