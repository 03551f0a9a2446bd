import { type CheckWorker, startWorker } from "@/worker/fork";
import type { Preparation } from "@/worker/protocol";

/**
 * Delay before the replacement starts, so that starting it does not slow down the check that took the last
 * worker.
 */
const refillDelayMs = 200;

/**
 * Workers that have run nothing yet. They start ahead of time, because starting one takes longer than most
 * checks.
 */
export function createPrewarmedWorkers(workerPath: string, size: number) {
  const idle = new Map<CheckWorker, string | null>();
  let isClosed = false;
  const start = (likelyKind: string | null) => {
    const worker = startWorker(workerPath);
    if (worker === null) return;
    const forget = () => void idle.delete(worker);
    worker.on("exit", forget).on("error", forget);
    idle.set(worker, likelyKind);
    if (likelyKind !== null) worker.send({ prepareFor: likelyKind } satisfies Preparation, () => {});
  };
  /**
   * The next check is probably of the same kind: a person fills in one form, or the background checks a whole
   * fabric.
   */
  const refill = (likelyKind: string | null) => {
    for (let missing = size - idle.size; missing > 0 && !isClosed; missing -= 1) start(likelyKind);
  };
  refill(null);
  return {
    take(kind: string): CheckWorker | null {
      const [prepared] = [...idle].find(([, preparedFor]) => preparedFor === kind) ?? [...idle][0] ?? [];
      if (prepared !== undefined) {
        idle.delete(prepared);
        prepared.removeAllListeners();
      }
      // Dead workers are replaced only here. Otherwise a broken build would start processes in a loop.
      setTimeout(refill, refillDelayMs, kind).unref();
      return prepared ?? startWorker(workerPath);
    },
    close() {
      isClosed = true;
      for (const worker of idle.keys()) worker.kill("SIGKILL");
      idle.clear();
    },
  };
}
