import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createCheckPool } from "@/automate/checks/pool";
import type { CheckEvent, CheckResult } from "@/lib/connectors/check-protocol";
import { builtCheckWorker, builtRoutedCheckWorker } from "@/testing/servers/built-worker";
import { createManyChecks } from "@/testing/servers/many-checks";
import { createJob, expectSilence, type Secrets, type StandIns } from "@/testing/servers/trial-job";
import type { CheckJob, PasswordJob } from "@/worker/protocol";

export type TrialOptions = { timeoutMs?: number; signal?: AbortSignal; egressAllow?: string[] };
/** The parts of a check that a person would see. */
export type Trial = { result: CheckResult; events: CheckEvent[]; passed: string[] };

const loopback = ["127.0.0.0/8", "::1/128"];

/**
 * Runs checks with the code of automate's workers. `standIns` routes public services to servers on this
 * machine. In `npm test` one process serves many checks, because starting one takes longer than most checks.
 * Checks that are cut off, and all checks in `npm run test:long`, run in production workers, one per check.
 */
export function createTrials(standIns?: StandIns) {
  const many = createManyChecks();
  let shipped: ReturnType<typeof createShippedTrials> | undefined;

  async function runJob(made: CheckJob | PasswordJob, options: TrialOptions = {}): Promise<Trial> {
    const { timeoutMs, signal, egressAllow = loopback } = options;
    const job = { ...made, egressAllow };
    if (timeoutMs === undefined && signal === undefined && !process.env.RUN_LONG)
      return trialOf((await many.runJob(job, standIns, 10_000)).events, job);
    shipped ??= createShippedTrials(standIns);
    return shipped.runJob(job, { timeoutMs, signal });
  }

  return {
    runJob,
    run: (kind: string, input: object, secrets: Secrets, options: TrialOptions = {}) =>
      runJob(createJob(kind, input, secrets), options),
    close() {
      many.close();
      shipped?.close();
    },
  };
}

function trialOf(events: CheckEvent[], { secrets }: CheckJob): Trial {
  expectSilence(events, secrets);
  const result = events.at(-1);
  assert.ok(result?.type === "result", "The check ended without a result.");
  const passed = events.flatMap((event) =>
    event.type === "step" && event.state === "passed" ? [event.step as string] : [],
  );
  return { result, events, passed };
}

type ShippedOptions = { timeoutMs?: number | undefined; signal?: AbortSignal | undefined };

/** Runs checks in a pool of production workers, one check in each. */
export function createShippedTrials(standIns?: StandIns) {
  const routed = standIns && builtRoutedCheckWorker();
  const workerPath = routed?.path ?? builtCheckWorker();
  const pools = new Map<number, ReturnType<typeof createCheckPool>>();
  const poolFor = (timeoutMs: number) => {
    const pool = pools.get(timeoutMs) ?? createCheckPool({ workerPath, size: 1, timeoutMs });
    pools.set(timeoutMs, pool);
    return pool;
  };
  let written = "{}";
  const write = (routes: string) => {
    if (routed && routes !== written) writeFileSync(routed.routesFile, routes);
    written = routes;
  };
  /** `wholeMs` is the caller's wait, in milliseconds. */
  async function runJob(
    job: CheckJob,
    { timeoutMs = 10_000, signal }: ShippedOptions = {},
  ): Promise<Trial & { wholeMs: number }> {
    const events: CheckEvent[] = [];
    write(JSON.stringify(standIns ?? {}));
    const startedAt = performance.now();
    const result = await poolFor(timeoutMs).run(job, (event) => events.push(event), signal);
    const wholeMs = performance.now() - startedAt;
    assert.deepEqual(events.at(-1), result);
    return { ...trialOf(events, job), wholeMs };
  }
  return {
    runJob,
    run: (kind: string, input: object, secrets: Secrets, options?: ShippedOptions) =>
      runJob({ ...createJob(kind, input, secrets), egressAllow: loopback }, options),
    close() {
      for (const pool of pools.values()) pool.close();
    },
  };
}
