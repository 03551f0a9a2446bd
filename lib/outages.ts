import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import { isOutage } from "@/lib/db/errors";
import { processState } from "@/lib/process-state";

/** Why a request could not be served: an outage, or the limit of concurrent lists. */
export type Hindrance = "database_unavailable" | "busy";
type RequestState = { met: Hindrance | null };

const shared = processState<{ outageAt: number; outages: AsyncLocalStorage<RequestState> }>();
shared.outages ??= new AsyncLocalStorage();
const owners = shared.outages;

/** True if any request met an outage since `then`, a time of `performance.now()`. */
export function outageSeenSince(since: number): boolean {
  return (shared.outageAt ?? Number.NEGATIVE_INFINITY) >= since;
}

/** Watches what one request meets: in all work that starts within `run`. */
export function watchOutages(): { run<T>(work: () => T): T; met(): Hindrance | null } {
  const request: RequestState = { met: null };
  return { run: (work) => owners.run(request, work), met: () => request.met };
}

/** Notes for the current request that it was refused because of too many lists. */
export function noteBusy(): void {
  const request = owners.getStore();
  if (request) request.met = "busy";
}

/**
 * Returns a function that notes an outage for the current request, no matter when and where the error
 * arrives.
 */
export function noteOutages(): (error: unknown) => void {
  const request = owners.getStore();
  return (error) => {
    if (!isOutage(error)) return;
    shared.outageAt = performance.now();
    if (request) request.met = "database_unavailable";
  };
}

/** Notes an outage of a promise that several requests may share, for the current request. */
export function noteOutageOf<T>(promise: Promise<T>): Promise<T> {
  promise.catch(noteOutages());
  return promise;
}
