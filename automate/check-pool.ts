import { type ChildProcess, fork } from "node:child_process";
import type { CheckJob, Preparation } from "@/automate/check-job";
import { createTurns, type Turn, type TurnLimits, type TurnRequest } from "@/automate/check-turns";
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
};

export type CheckPool = {
  /** A turn to run a check; null when there is none for too long. `onWait` is told how many are ahead. */
  turn(request: TurnRequest, onWait: (ahead: number) => void, signal: AbortSignal): Promise<Turn | null>;
  /** Runs one check. Never rejects: whatever happens is a result. Aborting kills the worker and frees its sockets. */
  run(job: CheckJob, onEvent: (event: CheckEvent) => void, signal?: AbortSignal): Promise<CheckResult>;
  close(): void;
};

/** How long a check may wait for its turn. */
const turnWithinMs = 60_000;

/** A pool of check workers, each good for one check: nothing of a check outlives it. */
export function createCheckPool({
  workerPath,
  size = 2,
  timeoutMs = 15_000,
  limits = {},
}: CheckPoolOptions): CheckPool {
  const spares = createSpares(workerPath, size);
  const turns = createTurns(limits);
  const closing = new AbortController();

  return {
    turn(request, onWait, signal) {
      const stop = AbortSignal.any([AbortSignal.timeout(turnWithinMs), closing.signal, signal]);
      return turns.take(request, onWait, stop);
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
      const result = await converse(spares.take(job.kind), job, { onEvent, stop, fail });
      onEvent(result);
      return result;
    },
    close() {
      closing.abort();
      spares.close();
    },
  };
}

type Conversation = {
  onEvent: (event: CheckEvent) => void;
  stop: AbortSignal;
  fail: (step: CheckStep, code: CheckCode) => CheckResult;
};

/** One check in one worker, which is dead afterwards, whatever it says. */
function converse(
  worker: ChildProcess,
  job: CheckJob,
  { onEvent, stop, fail }: Conversation,
): Promise<CheckResult> {
  return new Promise((resolve) => {
    let step: CheckStep = checkSteps[0];
    const end = (result: CheckResult) => {
      stop.removeEventListener("abort", onStop);
      worker.removeAllListeners();
      // An error of a process that is being killed is of no interest, but without a listener it would be thrown.
      worker.on("error", () => {});
      worker.kill("SIGKILL");
      resolve(result);
    };
    const onStop = () => end(fail(step, "timed_out"));
    const onDeath = () => end(fail(step, "unexpected"));
    if (stop.aborted) return onStop();
    stop.addEventListener("abort", onStop);
    worker.on("message", (message) => {
      // The worker talks to hostile servers: only what fits the closed protocol is passed on.
      const { data: event } = workerEventSchema.safeParse(message);
      if (event?.type === "result") end(event);
      else if (event?.type === "step") {
        if (event.state === "started") step = event.step;
        onEvent(event);
      }
    });
    worker.on("exit", onDeath);
    worker.on("error", onDeath);
    if (worker.connected) worker.send(job, (error) => error !== null && onDeath());
    else onDeath();
  });
}

/** Workers that are started ahead of need, since starting one takes longer than most checks. */
function createSpares(workerPath: string, size: number) {
  const idle = new Map<ChildProcess, string | null>();
  const start = () => {
    const worker = fork(workerPath, [], {
      // Nothing of automate's environment, where its keys are named.
      env: { NODE_ENV: "production" },
      execArgv: [...(workerPath.endsWith(".ts") ? ["--import", "tsx"] : []), "--max-old-space-size=256"],
      // Binary secrets stay bytes.
      serialization: "advanced",
      // No output at all: a driver that prints an error would print it into automate's log.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const forget = () => void idle.delete(worker);
    return worker.on("exit", forget).on("error", forget);
  };
  /** Kinds are checked in rows: while a form is filled, and when a fabric's connections are looked after. */
  const refill = (likely: string | null) => {
    while (idle.size < size) {
      const worker = start();
      idle.set(worker, likely);
      if (likely !== null) worker.send({ prepareFor: likely } satisfies Preparation, () => {});
    }
  };
  refill(null);
  return {
    take(kind: string): ChildProcess {
      const prepared = [...idle].find(([, preparedFor]) => preparedFor === kind) ?? [...idle][0];
      const worker = prepared?.[0] ?? start();
      idle.delete(worker);
      worker.removeAllListeners();
      // Spares that died are replaced only here, so that a broken build cannot start processes in a circle.
      refill(kind);
      return worker;
    },
    close() {
      for (const worker of idle.keys()) worker.kill("SIGKILL");
      idle.clear();
    },
  };
}
