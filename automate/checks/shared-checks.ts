import type { CheckEvent, CheckResult } from "@/lib/connectors/check-protocol";

type Tell = (event: CheckEvent) => void;
type Run = {
  said: CheckEvent[];
  listeners: Set<Tell>;
  stop: AbortController;
  result: Promise<CheckResult>;
  /** Whether somebody has its result already. */
  isTaken: boolean;
};

export type SharedChecks = ReturnType<typeof createSharedChecks>;

const gone: CheckResult = { type: "result", ok: false, code: "cancelled", step: "name", ms: 0 };

/**
 * Checks that are the same share one run while it lasts: whoever joins is told what happened so far. It is called off
 * when the last of them has left.
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
    /** `isShared` when somebody else has taken the result before. */
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
            // Nobody may join what is being called off.
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
