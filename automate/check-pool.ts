import type { CheckJob } from "@/automate/check-job";
import { createSpareWorkers } from "@/automate/check-spare-workers";
import { createTurns, type Turn, type TurnLimits, type TurnRequest } from "@/automate/check-turns";
import { comesToRest, createWarmWorkers, kill, type WarmLimits } from "@/automate/check-warm-workers";
import type { CheckWorker } from "@/automate/fork-worker";
import {
  type CheckCode,
  type CheckEvent,
  type CheckResult,
  type CheckStep,
  checkSteps,
  workerEventSchema,
} from "@/lib/connectors/check-protocol";

export type CheckPoolOptions = {
  /** automate/check-worker.ts while developing, dist/check-worker.mjs when built. */
  readonly workerPath: string;
  /** How many workers wait, started already, for the next check. */
  readonly size?: number;
  /** How long one check may take, once it has its turn. */
  readonly timeoutMs?: number;
  /** How many checks run at once, for whom. */
  readonly limits?: TurnLimits;
  /** How workers that have served wait for the next check of the same identity. */
  readonly warm?: WarmLimits;
};

export type CheckRun = {
  signal?: AbortSignal | undefined;
  /** What the check speaks of, values included: only a check of the same identity may follow it in its worker. Without one none may. */
  identity?: string;
};

export type CheckPool = {
  /** A turn to run a check; null when there is none for too long. `onWait` is told how many are ahead. */
  turn(request: TurnRequest, onWait: (ahead: number) => void, signal: AbortSignal): Promise<Turn | null>;
  /** Runs one check. Never rejects: whatever happens is a result. Aborting kills the worker and frees its sockets. */
  run(job: CheckJob, onEvent: (event: CheckEvent) => void, run?: CheckRun): Promise<CheckResult>;
  close(): void;
};

/** A check has five steps, each told at most three times. */
const mostSaid = 32;

/** How long a check may wait for its turn. */
const turnWithinMs = 60_000;

/** A pool of check workers, each good for the checks of one identity: what one held, another never meets. */
export function createCheckPool({
  workerPath,
  size = 2,
  timeoutMs = 15_000,
  limits = {},
  warm: warmLimits = {},
}: CheckPoolOptions): CheckPool {
  const spares = createSpareWorkers(workerPath, size);
  const warm = createWarmWorkers(warmLimits);
  const turns = createTurns(limits);
  const closing = new AbortController();

  return {
    turn(request, onWait, signal) {
      const stop = AbortSignal.any([AbortSignal.timeout(turnWithinMs), closing.signal, signal]);
      return turns.take(request, onWait, stop);
    },
    async run(job, onEvent, { signal, identity } = {}) {
      const startedAt = performance.now();
      const limit = AbortSignal.timeout(timeoutMs);
      const stop = AbortSignal.any([limit, closing.signal, ...(signal === undefined ? [] : [signal])]);
      const isCancelled = () => signal?.aborted === true || closing.signal.aborted;
      const fail = (step: CheckStep, code: CheckCode): CheckResult => {
        const ms = Math.round(performance.now() - startedAt);
        return { type: "result", ok: false, code: isCancelled() ? "cancelled" : code, step, ms };
      };
      const worker = (identity !== undefined && (await warm.take(identity))) || spares.take(job.kind);
      if (worker === null) {
        const busy = fail(checkSteps[0], "busy");
        onEvent(busy);
        return busy;
      }
      const { result, isAtRest } = await converse(worker, job, { onEvent, stop, fail });
      if (identity !== undefined && result.ok && !stop.aborted) warm.keep(identity, worker, isAtRest);
      else kill(worker);
      onEvent(result);
      return result;
    },
    close() {
      closing.abort();
      spares.close();
      warm.close();
    },
  };
}

type Conversation = {
  onEvent: (event: CheckEvent) => void;
  stop: AbortSignal;
  fail: (step: CheckStep, code: CheckCode) => CheckResult;
};

/** One check in a worker, and whether that comes to rest afterwards. */
function converse(
  worker: CheckWorker,
  job: CheckJob,
  { onEvent, stop, fail }: Conversation,
): Promise<{ result: CheckResult; isAtRest: Promise<boolean> }> {
  return new Promise((resolve) => {
    let step: CheckStep = checkSteps[0];
    const end = (result: CheckResult) => {
      stop.removeEventListener("abort", onStop);
      // At once: what it says next may have come already.
      resolve({ result, isAtRest: comesToRest(worker) });
    };
    const onStop = () => end(fail(step, "timed_out"));
    const onDeath = () => end(fail(step, "unexpected"));
    if (stop.aborted) return onStop();
    stop.addEventListener("abort", onStop);
    worker.on("message", (message) => {
      // The worker talks to hostile servers: only what fits the closed protocol is passed on.
      // A list may be of any length in few bytes: its length is judged before its items are.
      if (Array.isArray(message) && message.length > mostSaid) return onDeath();
      for (const said of [message].flat()) {
        const { data: event } = workerEventSchema.safeParse(said);
        if (event?.type === "result") return end(event);
        else if (event?.type === "step") {
          if (event.state === "started") step = event.step;
          onEvent(event);
        }
      }
    });
    worker.on("exit", onDeath);
    worker.on("error", onDeath);
    if (worker.connected) worker.send(job, (error) => error !== null && onDeath());
    else onDeath();
  });
}
