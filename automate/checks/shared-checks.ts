import type { CheckEvent, CheckResult } from "@/lib/connectors/check-protocol";

type Tell = (event: CheckEvent) => void;
type Run = {
  said: CheckEvent[];
  listeners: Set<Tell>;
  stop: AbortController;
  result: Promise<CheckResult>;
  /** True when a caller has already taken the result. */
  isTaken: boolean;
};

export type SharedChecks = ReturnType<typeof createSharedChecks>;

const gone: CheckResult = { type: "result", ok: false, code: "cancelled", step: "name", ms: 0 };

/**
 * Lets identical checks share one run. A caller who joins receives the events so far. The run is cancelled
 * when its last caller leaves.
 */
export function createSharedChecks() {
  const runs = new Map<string, Run>();

  function begin(key: string, check: (tell: Tell, signal: AbortSignal) => Promise<CheckResult>): Run {
    const said: CheckEvent[] = [];
    const listeners = new Set<Tell>();
    const stop = new AbortController();
    const tell: Tell = (event) => {
      said.push(event);
      for (const listener of listeners) listener(event);
    };
    const run: Run = { said, listeners, stop, result: check(tell, stop.signal), isTaken: false };
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
      check: (tell: Tell, signal: AbortSignal) => Promise<CheckResult>,
      tell: Tell,
      signal: AbortSignal,
    ): Promise<{ result: CheckResult; isShared: boolean }> {
      const run = runs.get(key) ?? begin(key, check);
      for (const event of run.said) tell(event);
      run.listeners.add(tell);
      const left = new Promise<CheckResult | null>((resolve) => {
        const leave = () => {
          run.listeners.delete(tell);
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
      run.listeners.delete(tell);
      if (result === null) return { result: gone, isShared: true };
      const isShared = run.isTaken;
      run.isTaken = true;
      return { result, isShared };
    },
  };
}
