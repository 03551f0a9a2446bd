import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import * as z from "zod";
import { type CheckEvent, checkEventSchema } from "@/lib/connectors/check-protocol";
import type { Example } from "@/testing/connection-examples/define";
import { examples } from "@/testing/connection-examples/registry";
import { builtCheckWorker } from "@/testing/servers/built-worker";
import { createJob, expectSilence, type StandIns } from "@/testing/servers/trial-job";
import { forkWorker } from "@/worker/fork";
import type { Job } from "@/worker/protocol";

/**
 * How a check ended, and the step that it had reached at the time limit. `ms` is the duration of its steps.
 */
export type Outcome = {
  ok: boolean;
  code: string;
  step: string;
  field: string;
  events: CheckEvent[];
  ms: number;
};

const saidSchema = z.object({ events: z.array(checkEventSchema), ms: z.number(), hasEnded: z.boolean() });

/** Runs many checks in few processes, one after another in each, with the pool's time limit. */
export function createManyChecks() {
  const workerPath = builtCheckWorker("many");
  const idle: { worker: ChildProcess; kind: string }[] = [];
  const all = new Set<ChildProcess>();
  const start = () => {
    // Forked as in production, with the same permissions.
    const worker = forkWorker(workerPath);
    assert(worker !== null);
    all.add(worker);
    return worker;
  };

  /** Returns a worker that has loaded this kind's driver, another idle one, or a new one. */
  function take(kind: string): ChildProcess {
    const at = idle.findLastIndex((one) => one.kind === kind);
    return idle.splice(at, 1)[0]?.worker ?? start();
  }

  /** All events until the result or the time limit. */
  async function runJob(
    job: Job,
    standIns: StandIns = { routes: {}, authorities: [] },
    timeoutMs = 8000,
  ): Promise<Pick<Outcome, "events" | "ms">> {
    const worker = take(job.kind);
    const said = await new Promise<unknown>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("exit", () => reject(new Error("The worker died.")));
      worker.send({ job, ...standIns, timeoutMs });
    });
    worker.removeAllListeners("exit");
    const { events, ms, hasEnded } = saidSchema.parse(said);
    // A driver that still runs may dial during the next check, so do not reuse its process.
    const last = events.at(-1);
    const isFinished = last?.type === "result" && last.ok && "secrets" in job;
    if (hasEnded && (isFinished || !examples[job.kind]?.dialsOn)) idle.push({ worker, kind: job.kind });
    else worker.kill("SIGKILL");
    return { events, ms };
  }

  return {
    runJob,
    async run(
      kind: string,
      { properties, secrets }: Pick<Example, "properties" | "secrets">,
      standIns: StandIns,
      timeoutMs?: number,
    ): Promise<Outcome> {
      const job = { ...createJob(kind, properties, secrets), egressAllow: ["127.0.0.0/8"] };
      const { events, ms } = await runJob(job, standIns, timeoutMs);
      expectSilence(events, secrets);
      return { ...outcomeOf(events), ms };
    },
    close() {
      for (const worker of all) worker.kill("SIGKILL");
    },
  };
}

function outcomeOf(events: CheckEvent[]): Omit<Outcome, "ms"> {
  const last = events.at(-1);
  if (last?.type === "result")
    return last.ok
      ? { ok: true, code: "", step: "", field: "", events }
      : { ok: false, code: last.code, step: last.step, field: last.field ?? "", events };
  const started = events.filter((event) => event.type === "step" && event.state === "started").at(-1);
  const step = started?.type === "step" ? started.step : "name";
  return { ok: false, code: "timed_out", step, field: "", events };
}
