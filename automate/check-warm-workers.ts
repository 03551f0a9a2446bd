import type { ChildProcess } from "node:child_process";

export type WarmLimits = {
  /** How many checks a worker serves. */
  readonly checks?: number;
  /** How long it waits for the next one. */
  readonly idleMs?: number;
  /** How many wait at once, of all configurations; the one that waited longest ends first. */
  readonly size?: number;
};

type Warm = { worker: ChildProcess; identity: string; idle: NodeJS.Timeout };

/**
 * Workers that have served a check, by its identity, and wait for another of the same. None is ever given to a check of
 * another identity: there is no way back from here to where workers wait for anybody.
 */
export function createWarmWorkers({ checks = 20, idleMs = 60_000, size = 4 }: WarmLimits) {
  const served = new WeakMap<ChildProcess, number>();
  /** The one that waited longest first. */
  const waiting: Warm[] = [];

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

  return {
    take(identity: string): ChildProcess | undefined {
      const warm = waiting.findLast((one) => one.identity === identity);
      if (warm !== undefined) leave(warm);
      return warm?.worker;
    },
    /** Keeps a worker that is at rest after a check of this identity, or ends it when it has served enough. */
    keep(identity: string, worker: ChildProcess): void {
      const count = (served.get(worker) ?? 0) + 1;
      served.set(worker, count);
      if (count >= checks) {
        kill(worker);
        return;
      }
      const warm: Warm = { worker, identity, idle: setTimeout(() => end(warm), idleMs).unref() };
      // It has nothing to say until it is asked.
      for (const event of ["message", "exit", "error", "disconnect"]) worker.on(event, () => end(warm));
      waiting.push(warm);
      if (waiting.length > size && waiting[0] !== undefined) end(waiting[0]);
    },
    close() {
      for (const warm of [...waiting]) end(warm);
    },
  };
}

/** Ends a worker with its sockets, whatever it is doing. */
export function kill(worker: ChildProcess): void {
  worker.removeAllListeners();
  // An error of a process that is being killed is of no interest, but without a listener it would be thrown.
  worker.on("error", () => {});
  worker.kill("SIGKILL");
}
