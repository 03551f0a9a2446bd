import { createPrewarmedWorkers } from "@/automate/checks/prewarmed-workers";
import { type CheckLimits, createScheduler, type SlotRequest } from "@/automate/checks/scheduler";
import {
  type CheckCode,
  type CheckEvent,
  type CheckResult,
  type CheckStep,
  checkSteps,
  workerEventSchema,
} from "@/lib/connectors/check-protocol";
import type { Slot } from "@/lib/limits/slots";
import type { CheckWorker } from "@/worker/fork";
import type { Job } from "@/worker/protocol";

export type CheckPoolOptions = {
  /** worker/main.ts in development, dist/check-worker.mjs when built. */
  readonly workerPath: string;
  /** The number of prewarmed workers. */
  readonly size?: number;
  /** How long one check may run once it has its slot. */
  readonly timeoutMs?: number;
  /** How many checks run at once: in total, and for each fabric, person and key. */
  readonly limits?: CheckLimits;
};

export type CheckPool = {
  /**
   * Waits for a slot. Returns null when none is free in time. `onWait` receives the number of the fabric's
   * checks ahead.
   */
  slot(request: SlotRequest, onWait: (position: number) => void, signal: AbortSignal): Promise<Slot | null>;
  /** Runs one check. Never rejects: every failure is a result. Aborting kills the worker and closes its sockets. */
  run(job: Job, onEvent: (event: CheckEvent) => void, signal?: AbortSignal): Promise<CheckResult>;
  close(): void;
};

/** A check has five steps and reports each at most three times; this is twice as many. */
const maxMessages = 32;

/** How long a check may wait for its slot. */
const maxSlotWaitMs = 60_000;

/** A pool of check workers. Each runs one check and is killed, so that no secret reaches another check. */
export function createCheckPool({
  workerPath,
  size = 2,
  timeoutMs = 15_000,
  limits = {},
}: CheckPoolOptions): CheckPool {
  const prewarmed = createPrewarmedWorkers(workerPath, size);
  const scheduler = createScheduler(limits);
  const closing = new AbortController();

  return {
    slot(request, onWait, signal) {
      const stop = AbortSignal.any([AbortSignal.timeout(maxSlotWaitMs), closing.signal, signal]);
      return scheduler.acquire(request, onWait, stop);
    },
    async run(job, onEvent, signal) {
      const startedAt = performance.now();
      const deadline = AbortSignal.timeout(timeoutMs);
      const stop = AbortSignal.any([deadline, closing.signal, ...(signal === undefined ? [] : [signal])]);
      const isCancelled = () => signal?.aborted === true || closing.signal.aborted;
      const fail = (step: CheckStep, code: CheckCode): CheckResult => {
        const ms = Math.round(performance.now() - startedAt);
        return { type: "result", ok: false, code: isCancelled() ? "cancelled" : code, step, ms };
      };
      const worker = prewarmed.take(job.kind);
      const result =
        worker === null ? fail(checkSteps[0], "busy") : await runJob(worker, job, { onEvent, stop, fail });
      if (worker !== null) kill(worker);
      onEvent(result);
      return result;
    },
    close() {
      closing.abort();
      prewarmed.close();
    },
  };
}

type JobHandlers = {
  onEvent: (event: CheckEvent) => void;
  stop: AbortSignal;
  fail: (step: CheckStep, code: CheckCode) => CheckResult;
};

/** Sends one job to a worker and reads its events until the result. */
function runJob(worker: CheckWorker, job: Job, { onEvent, stop, fail }: JobHandlers): Promise<CheckResult> {
  return new Promise((resolve) => {
    let step: CheckStep = checkSteps[0];
    let messages = 0;
    const end = (result: CheckResult) => {
      stop.removeEventListener("abort", onStop);
      // Immediately: the worker's next message may already have arrived.
      worker.removeAllListeners("message");
      resolve(result);
    };
    const onStop = () => end(fail(step, "timed_out"));
    const onFault = () => end(fail(step, "unexpected"));
    worker.on("exit", onFault);
    worker.on("error", onFault);
    if (stop.aborted) return onStop();
    stop.addEventListener("abort", onStop);
    worker.on("message", (message) => {
      // A hostile server may have taken over the worker. Only messages that fit the closed protocol pass.
      messages += 1;
      if (messages > maxMessages) return onFault();
      const { data: event } = workerEventSchema.safeParse(message);
      if (event?.type === "result") return end(event);
      if (event === undefined) return;
      if (event.state === "started") step = event.step;
      onEvent(event);
    });
    if (worker.connected) worker.send(job, (error) => error !== null && onFault());
    else onFault();
  });
}

/** Kills a worker and its sockets in any state. */
function kill(worker: CheckWorker): void {
  worker.removeAllListeners();
  // Without a listener, Node.js would throw an error of the dying process.
  worker.on("error", () => {});
  worker.kill("SIGKILL");
}
