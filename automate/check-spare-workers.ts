import { type ChildProcess, fork } from "node:child_process";
import type { Preparation } from "@/automate/check-job";

/** How long the next spare is left unstarted, so that starting it does not slow the check that took the last one. */
const refillAfterMs = 200;

/** Workers that have served nobody, started ahead of need, since starting one takes longer than most checks. */
export function createSpareWorkers(workerPath: string, size: number) {
  const idle = new Map<ChildProcess, string | null>();
  let isClosed = false;
  const startSpare = (likely: string | null) => {
    const worker = start(workerPath);
    const forget = () => void idle.delete(worker);
    worker.on("exit", forget).on("error", forget);
    idle.set(worker, likely);
    if (likely !== null) worker.send({ prepareFor: likely } satisfies Preparation, () => {});
  };
  /** Kinds are checked in rows: while a form is filled, and when a fabric's connections are looked after. */
  const refill = (likely: string | null) => {
    while (!isClosed && idle.size < size) startSpare(likely);
  };
  refill(null);
  return {
    take(kind: string): ChildProcess {
      const prepared = [...idle].find(([, preparedFor]) => preparedFor === kind) ?? [...idle][0];
      const worker = prepared?.[0] ?? start(workerPath);
      idle.delete(worker);
      worker.removeAllListeners();
      // Spares that died are replaced only here, so that a broken build cannot start processes in a circle.
      setTimeout(refill, refillAfterMs, kind).unref();
      return worker;
    },
    close() {
      isClosed = true;
      for (const worker of idle.keys()) worker.kill("SIGKILL");
      idle.clear();
    },
  };
}

function start(workerPath: string): ChildProcess {
  return fork(workerPath, [], {
    // Nothing of automate's environment, where its keys are named.
    env: { NODE_ENV: "production" },
    execArgv: [...(workerPath.endsWith(".ts") ? ["--import", "tsx"] : []), "--max-old-space-size=256"],
    // Binary secrets stay bytes.
    serialization: "advanced",
    // No output at all: a driver that prints an error would print it into automate's log.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}
