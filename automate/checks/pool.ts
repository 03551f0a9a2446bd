import { createPrewarmedWorkers } from "@/automate/checks/prewarmed-workers";
import { createScheduler, type Slot, type SlotLimits, type SlotRequest } from "@/automate/checks/scheduler";
import {
  type CheckCode,
  type CheckEvent,
  type CheckResult,
  type CheckStep,
  checkSteps,
  workerEventSchema,
} from "@/lib/connectors/check-protocol";
import type { CheckWorker } from "@/worker/fork";
import type { CheckJob } from "@/worker/protocol";

export type CheckPoolOptions = {
  /** worker/main.ts while developing, dist/check-worker.mjs when built. */
  readonly workerPath: string;
  /** How many workers wait, started already, for the next check. */
  readonly size?: number;
  /** How long one check may take, once it has its turn. */
  readonly timeoutMs?: number;
  /** How many checks run at once, for whom. */
  readonly limits?: SlotLimits;
};

export type CheckPool = {
  /** A turn to run a check; null when there is none for too long. `onWait` is told how many are ahead. */
  slot(request: SlotRequest, onWait: (position: number) => void, signal: AbortSignal): Promise<Slot | null>;
  /** Runs one check. Never rejects: whatever happens is a result. Aborting kills the worker and frees its sockets. */
  run(job: CheckJob, onEvent: (event: CheckEvent) => void, signal?: AbortSignal): Promise<CheckResult>;
  close(): void;
};

/** A check has five steps and tells each at most three times. */
const maxMessages = 32;

/** How long a check may wait for its turn. */
const turnWithinMs = 60_000;

/** A pool of check workers. Each serves one check and is killed: what one held, another never meets. */
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
      const stop = AbortSignal.any([AbortSignal.timeout(turnWithinMs), closing.signal, signal]);
      return scheduler.take(request, onWait, stop);
    },
    async run(job, onEvent, signal) {
      const startedAt = performance.now();
      const limit = AbortSignal.timeout(timeoutMs);
      const stop = AbortSignal.any([limit, closing.signal, ...(signal === undefined ? [] : [signal])]);
      const isCancelled = () => signal?.aborted === true || closing.signal.aborted;
      const fail = (step: CheckStep, code: CheckCode): CheckResult => {
        const ms = Math.round(performance.now() - startedAt);
        return { type: "result", ok: false, code: isCancelled() ? "cancelled" : code, step, ms };
      };
      const worker = prewarmed.take(job.kind);
      const result =
        worker === null ? fail(checkSteps[0], "busy") : await converse(worker, job, { onEvent, stop, fail });
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

type Conversation = {
  onEvent: (event: CheckEvent) => void;
  stop: AbortSignal;
  fail: (step: CheckStep, code: CheckCode) => CheckResult;
};

/** One check in a worker. */
function converse(
  worker: CheckWorker,
  job: CheckJob,
  { onEvent, stop, fail }: Conversation,
): Promise<CheckResult> {
  return new Promise((resolve) => {
    let step: CheckStep = checkSteps[0];
    let messages = 0;
    const end = (result: CheckResult) => {
      stop.removeEventListener("abort", onStop);
      // At once: its next message may have come already.
      worker.removeAllListeners("message");
      resolve(result);
    };
    const onStop = () => end(fail(step, "timed_out"));
    const onDeath = () => end(fail(step, "unexpected"));
    worker.on("exit", onDeath);
    worker.on("error", onDeath);
    if (stop.aborted) return onStop();
    stop.addEventListener("abort", onStop);
    worker.on("message", (message) => {
      // The worker talks to hostile servers: only what fits the closed protocol is passed on.
      messages += 1;
      if (messages > maxMessages) return onDeath();
      const { data: event } = workerEventSchema.safeParse(message);
      if (event?.type === "result") return end(event);
      if (event === undefined) return;
      if (event.state === "started") step = event.step;
      onEvent(event);
    });
    if (worker.connected) worker.send(job, (error) => error !== null && onDeath());
    else onDeath();
  });
}

/** Ends a worker with its sockets, whatever it is doing. */
function kill(worker: CheckWorker): void {
  worker.removeAllListeners();
  // An error of a process that is being killed is of no interest, but without a listener it would be thrown.
  worker.on("error", () => {});
  worker.kill("SIGKILL");
}
