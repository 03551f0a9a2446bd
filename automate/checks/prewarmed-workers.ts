import { type CheckWorker, startWorker } from "@/worker/fork";
import type { Preparation } from "@/worker/protocol";

/** How long the next spare is left unstarted, so that starting it does not slow the check that took the last one. */
const refillAfterMs = 200;

/** Workers that have served nobody, started ahead of need, since starting one takes longer than most checks. */
export function createPrewarmedWorkers(workerPath: string, size: number) {
  const idle = new Map<CheckWorker, string | null>();
  let isClosed = false;
  const startOne = (likely: string | null) => {
    const worker = startWorker(workerPath);
    if (worker === null) return;
    const forget = () => void idle.delete(worker);
    worker.on("exit", forget).on("error", forget);
    idle.set(worker, likely);
    if (likely !== null) worker.send({ prepareFor: likely } satisfies Preparation, () => {});
  };
  /** Kinds are checked in rows: while a form is filled, and when a fabric's connections are looked after. */
  const refill = (likely: string | null) => {
    for (let missing = size - idle.size; missing > 0 && !isClosed; missing -= 1) startOne(likely);
  };
  refill(null);
  return {
    take(kind: string): CheckWorker | null {
      const [prepared] = [...idle].find(([, preparedFor]) => preparedFor === kind) ?? [...idle][0] ?? [];
      if (prepared !== undefined) {
        idle.delete(prepared);
        prepared.removeAllListeners();
      }
      // Spares that died are replaced only here, so that a broken build cannot start processes in a circle.
      setTimeout(refill, refillAfterMs, kind).unref();
      return prepared ?? startWorker(workerPath);
    },
    close() {
      isClosed = true;
      for (const worker of idle.keys()) worker.kill("SIGKILL");
      idle.clear();
    },
  };
}
