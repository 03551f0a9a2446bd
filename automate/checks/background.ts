import { setTimeout as sleep } from "node:timers/promises";
import { checkInBackground } from "@/automate/checks/background-check";
import { dueConnections } from "@/automate/checks/due-connections";
import type { PreparedRuns } from "@/automate/checks/run";
import { isOutage } from "@/lib/db/client";

type Settings = {
  runPrepared: PreparedRuns;
  /** How long a passed check is believed. */
  minutes: number;
  /** Told the name of an error, never its text. */
  onError: (name: string) => void;
  /** Checks of one plan start spread over this time, and few over less: one a second. */
  spreadMs?: number;
};

const planEveryMs = 60_000;
const atOnce = 3;
const lookEveryMs = 1_000;

/**
 * Checks saved connections automatically; several copies of automate share the work by leases. What is due is read once a minute,
 * and while the database is away after one second, two, four and so on. No error ends it.
 */
export function startBackgroundChecks({ runPrepared, minutes, onError, spreadMs = 45_000 }: Settings) {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** Those that waited longest first. */
  let planned: { id: string; startsAt: number }[] = [];
  let plansAt = 0;
  let failures = 0;
  const pause = () => sleep(lookEveryMs, undefined, { signal }).catch(() => {});

  function onFailure(error: unknown): void {
    onError(error instanceof Error ? error.name : "Error");
    if (!isOutage(error)) return;
    planned = [];
    failures += 1;
    plansAt = Date.now() + Math.min(500 * 2 ** failures, planEveryMs);
  }

  async function plan(): Promise<void> {
    for (; !signal.aborted; await pause()) {
      if (Date.now() < plansAt) continue;
      plansAt = Date.now() + planEveryMs;
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
      planned = planned.filter((one) => one !== next);
      try {
        const end = await checkInBackground(runPrepared, next.id, minutes, signal);
        if (end === "busy") planned.push({ id: next.id, startsAt: Date.now() + Math.random() * spreadMs });
      } catch (error) {
        onFailure(error);
      }
    }
  }

  // A few at once, so that one silent server does not hold up the others, and people still get their turns.
  const running = [plan(), ...Array.from({ length: atOnce }, checkPlanned)];
  return {
    /** Cancels what is under way; those connections stay due. */
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
