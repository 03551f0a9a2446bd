import { setTimeout as sleep } from "node:timers/promises";
import { checkInBackground } from "@/automate/checks/background-check";
import { dueConnections } from "@/automate/checks/due-connections";
import type { PreparedRuns } from "@/automate/checks/run";
import { isOutage } from "@/lib/db/client";

type Settings = {
  runPrepared: PreparedRuns;
  /** How long a passed check stays valid, in minutes. */
  minutes: number;
  /** Receives only the error's name: its message may contain a secret. */
  onError: (name: string) => void;
  /** Checks of one plan start spread over this time; a short plan starts one check a second. */
  spreadMs?: number;
};

const planIntervalMs = 60_000;
const concurrency = 3;
const pollIntervalMs = 1_000;

/**
 * Checks saved connections automatically. Copies of automate share the work by leases.
 *
 * It looks for due connections once a minute, and after `wake`. While the database is unavailable, it retries after 1, 2, 4, …
 * seconds. Errors never stop it.
 */
export function startBackgroundChecks({ runPrepared, minutes, onError, spreadMs = 45_000 }: Settings) {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** The connections to check, longest waiting first. */
  let planned: { id: string; startsAt: number }[] = [];
  let plansAt = 0;
  let failures = 0;
  const pause = () => sleep(pollIntervalMs, undefined, { signal }).catch(() => {});

  function onFailure(error: unknown): void {
    onError(error instanceof Error ? error.name : "Error");
    if (!isOutage(error)) return;
    planned = [];
    failures += 1;
    plansAt = Date.now() + Math.min(500 * 2 ** failures, planIntervalMs);
  }

  async function plan(): Promise<void> {
    for (; !signal.aborted; await pause()) {
      if (Date.now() < plansAt) continue;
      plansAt = Date.now() + planIntervalMs;
      try {
        const due = await dueConnections(minutes);
        const withinMs = Math.min(spreadMs, due.length * 1_000);
        planned = due.map((id) => ({ id, startsAt: Date.now() + Math.random() * withinMs }));
        failures = 0;
      } catch (error) {
        onFailure(error);
      }
    }
  }

  async function checkPlanned(): Promise<void> {
    while (!signal.aborted) {
      const next = planned.find(({ startsAt }) => startsAt <= Date.now());
      if (next === undefined) {
        await pause();
        continue;
      }
      planned = planned.filter((connection) => connection !== next);
      try {
        const outcome = await checkInBackground(runPrepared, next.id, minutes, signal);
        if (outcome === "busy")
          planned.push({ id: next.id, startsAt: Date.now() + Math.random() * spreadMs });
      } catch (error) {
        onFailure(error);
      }
    }
  }

  // Several at once, so that one unresponsive server does not delay the others. Few, so that people still get
  // slots.
  const running = [plan(), ...Array.from({ length: concurrency }, checkPlanned)];
  return {
    /** Looks for due connections now: a secret has another value. */
    wake() {
      plansAt = Math.min(plansAt, Date.now());
    },
    /** Cancels the running checks. Their connections stay due. */
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
