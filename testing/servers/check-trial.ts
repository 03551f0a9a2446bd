import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createCheckPool } from "@/automate/checks/pool";
import type { CheckEvent, CheckResult } from "@/lib/connectors/check-protocol";
import { buildCheckWorker } from "@/testing/servers/built-worker";
import { createManyChecks } from "@/testing/servers/many-checks";
import { createJob, expectSilence, type Secrets, type StandIns } from "@/testing/servers/trial-job";
import type { CheckJob } from "@/worker/protocol";

export type TrialOptions = { timeoutMs?: number; signal?: AbortSignal; egressAllow?: string[] };
/** What a person would have seen of a check. */
export type Trial = { result: CheckResult; events: CheckEvent[]; passed: string[] };

const loopback = ["127.0.0.0/8", "::1/128"];

/**
 * Runs checks with what automate's workers run, with `world` in one where services of the wide world are here. In
 * `npm test` one process serves many, since starting one takes longer than most checks. What is to be cut off, and everything in
 * `npm run test:long`, runs in a worker of its own, as it is shipped.
 */
export function createTrials(standIns?: StandIns) {
  const many = createManyChecks();
  let shipped: ReturnType<typeof createShippedTrials> | undefined;

  async function runJob(made: CheckJob, options: TrialOptions = {}): Promise<Trial> {
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

/** Checks in a pool of workers as they are shipped, one check in each. */
export function createShippedTrials(standIns?: StandIns) {
  const worker = buildCheckWorker(standIns === undefined ? "shipped" : "routed");
  const pools = new Map<number, ReturnType<typeof createCheckPool>>();
  const poolFor = (timeoutMs: number) => {
    const pool = pools.get(timeoutMs) ?? createCheckPool({ workerPath: worker.path, size: 1, timeoutMs });
    pools.set(timeoutMs, pool);
    return pool;
  };
  let written = "{}";
  const write = (routes: string) => {
    if (routes !== written) writeFileSync(worker.routesFile, routes);
    written = routes;
  };
  /** `wholeMs` is what whoever asked for the check waited for. */
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
      worker.remove();
    },
  };
}
