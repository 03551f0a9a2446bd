import { atRestSchema } from "@/automate/check-job";
import type { CheckWorker } from "@/automate/fork-worker";

export type WarmLimits = {
  /** How many checks a worker serves. */
  readonly checks?: number;
  /** How long it waits for the next one. */
  readonly idleMs?: number;
  /** How many wait at once, of all configurations; the one that waited longest ends first. */
  readonly size?: number;
};

type Warm = { worker: CheckWorker; identity: string; idle: NodeJS.Timeout };
type Settling = { worker: CheckWorker; identity: string; settled: Promise<void> };

/** How long a worker may take after its result to be at rest; sockets close in less than a millisecond. */
const restWithinMs = 500;

/**
 * Workers whose check passed, by its identity, and wait for another of the same once they are at rest. None is ever given to a
 * check of another identity: there is no way back from here to where workers wait for anybody.
 */
export function createWarmWorkers({ checks = 20, idleMs = 60_000, size = 4 }: WarmLimits) {
  const served = new WeakMap<CheckWorker, number>();
  /** The one that waited longest first. */
  const waiting: Warm[] = [];
  const settling = new Set<Settling>();

  function leave(warm: Warm): void {
    const index = waiting.indexOf(warm);
    if (index !== -1) waiting.splice(index, 1);
    clearTimeout(warm.idle);
    warm.worker.removeAllListeners();
  }
  function end(warm: Warm): void {
    leave(warm);
    kill(warm.worker);
  }
  function wait(identity: string, worker: CheckWorker): void {
    const warm: Warm = { worker, identity, idle: setTimeout(() => end(warm), idleMs).unref() };
    // It has nothing to say until it is asked.
    for (const event of ["message", "exit", "error", "disconnect"]) worker.on(event, () => end(warm));
    waiting.push(warm);
    if (waiting.length > size && waiting[0] !== undefined) end(waiting[0]);
  }
  function takeWaiting(identity: string): CheckWorker | undefined {
    const warm = waiting.findLast((one) => one.identity === identity);
    if (warm !== undefined) leave(warm);
    return warm?.worker;
  }

  return {
    /** A worker of this identity; one that is not at rest yet is waited for. */
    async take(identity: string): Promise<CheckWorker | undefined> {
      const worker = takeWaiting(identity);
      if (worker) return worker;
      await Promise.all([...settling].filter((one) => one.identity === identity).map((one) => one.settled));
      return takeWaiting(identity);
    },
    /** Keeps a worker after a check of this identity that passed, if it comes to rest; ends it when it has served enough. */
    keep(identity: string, worker: CheckWorker, isAtRest: Promise<boolean>): void {
      const count = (served.get(worker) ?? 0) + 1;
      served.set(worker, count);
      if (count >= checks) {
        kill(worker);
        return;
      }
      const settled = isAtRest.then((isKept) => {
        // Where the pool was closed meanwhile, it is dead already.
        if (!settling.delete(one)) return;
        if (isKept) wait(identity, worker);
        else kill(worker);
      });
      const one: Settling = { worker, identity, settled };
      settling.add(one);
    },
    close() {
      for (const warm of [...waiting]) end(warm);
      for (const { worker } of settling) kill(worker);
      settling.clear();
    },
  };
}

/** Whether the next thing that a worker says is that it is at rest. From now on nobody else hears it. */
export function comesToRest(worker: CheckWorker): Promise<boolean> {
  worker.removeAllListeners();
  return new Promise((resolve) => {
    const timer = setTimeout(end, restWithinMs, false).unref();
    function end(isAtRest: boolean): void {
      clearTimeout(timer);
      worker.removeAllListeners();
      // Until it is kept or killed.
      worker.on("error", () => {});
      resolve(isAtRest);
    }
    worker.once("message", (message) => end(atRestSchema.safeParse(message).success));
    for (const event of ["exit", "error", "disconnect"]) worker.once(event, () => end(false));
  });
}

/** Ends a worker with its sockets, whatever it is doing. */
export function kill(worker: CheckWorker): void {
  worker.removeAllListeners();
  // An error of a process that is being killed is of no interest, but without a listener it would be thrown.
  worker.on("error", () => {});
  worker.kill("SIGKILL");
}
