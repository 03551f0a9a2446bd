import { setTimeout as wait } from "node:timers/promises";
import { servedRequests } from "@/automate/http/metrics";

/** How long after a request this copy counts as busy, because more are expected. */
const busyForMs = 50;
/** The rest after each value while this copy is busy. Several values are worked on at once, and each rests. */
const restMs = 20;
/** The most values of a batch, and its longest time. Requests wait behind a batch, so a busy copy makes small ones. */
const batches = { busy: { size: 200, ms: 500 }, idle: { size: 1_000, ms: 2_000 } };

/** How fast a rotation goes: at full speed while this copy serves no request, otherwise with rests. */
export type Pace = {
  /** Rests if requests are being served. Call it after each value. */
  rest(): Promise<void>;
  /** The limits of the next batch. */
  batch(): { size: number; ms: number };
};

type Clock = { now: () => number; sleep: (ms: number) => Promise<unknown> };

export function createPace({ now, sleep }: Clock = { now: () => performance.now(), sleep: wait }): Pace {
  let seen = servedRequests();
  let busyUntil = 0;
  const isBusy = () => {
    const served = servedRequests();
    if (served !== seen) busyUntil = now() + busyForMs;
    seen = served;
    return now() < busyUntil;
  };
  return {
    rest: async () => {
      if (isBusy()) await sleep(restMs);
    },
    batch: () => (isBusy() ? batches.busy : batches.idle),
  };
}
