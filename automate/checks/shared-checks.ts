import { type CheckEvent, type CheckResult, resultWithoutCheck } from "@/lib/connectors/check-protocol";

type Listener = (event: CheckEvent) => void;
type Run = {
  events: CheckEvent[];
  listeners: Set<Listener>;
  stop: AbortController;
  result: Promise<CheckResult>;
  /** True when a caller has already taken the result. */
  isTaken: boolean;
};

const cancelled = resultWithoutCheck("cancelled");

/**
 * Lets identical checks share one run. A caller who joins receives the events so far. The run is cancelled
 * when its last caller leaves.
 */
export function createSharedChecks() {
  const runs = new Map<string, Run>();

  function begin(key: string, check: (listener: Listener, signal: AbortSignal) => Promise<CheckResult>): Run {
    const events: CheckEvent[] = [];
    const listeners = new Set<Listener>();
    const stop = new AbortController();
    const report: Listener = (event) => {
      events.push(event);
      for (const listener of listeners) listener(event);
    };
    const run: Run = { events, listeners, stop, result: check(report, stop.signal), isTaken: false };
    runs.set(key, run);
    const end = () => {
      if (runs.get(key) === run) runs.delete(key);
    };
    run.result.then(end, end);
    return run;
  }

  return {
    /** `isShared` is true when another caller took the result first. */
    async run(
      key: string,
      check: (report: Listener, signal: AbortSignal) => Promise<CheckResult>,
      report: Listener,
      signal: AbortSignal,
    ): Promise<{ result: CheckResult; isShared: boolean }> {
      const run = runs.get(key) ?? begin(key, check);
      for (const event of run.events) report(event);
      run.listeners.add(report);
      const left = new Promise<CheckResult | null>((resolve) => {
        const leave = () => {
          run.listeners.delete(report);
          if (run.listeners.size === 0) {
            // Nobody may join a run that is being cancelled.
            if (runs.get(key) === run) runs.delete(key);
            run.stop.abort();
          } else resolve(null);
        };
        if (signal.aborted) leave();
        else signal.addEventListener("abort", leave, { once: true });
      });
      const result = await Promise.race([run.result, left]);
      run.listeners.delete(report);
      if (result === null) return { result: cancelled, isShared: true };
      const isShared = run.isTaken;
      run.isTaken = true;
      return { result, isShared };
    },
  };
}
