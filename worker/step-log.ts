import { type CheckStep, checkSteps, type StepEvent } from "@/lib/connectors/check-protocol";

/** Keeps the steps of one check in order and reports each once, with its duration. */
export type StepLog = {
  readonly current: CheckStep;
  begin(step: CheckStep): void;
  skip(step: CheckStep): void;
  /**
   * Passes the last step and reports the steps never reached as skipped. With `before`, it reports nothing
   * about that step and later ones.
   */
  finish(before?: CheckStep): void;
};

export function createStepLog(emit: (event: StepEvent) => void): StepLog {
  const skipped = new Set<CheckStep>();
  let at = 0;
  let startedAt = performance.now();
  emit({ type: "step", step: checkSteps[0], state: "started" });

  const current = () => checkSteps[at] ?? "permission";
  const leave = () =>
    emit({ type: "step", step: current(), state: "passed", ms: Math.round(performance.now() - startedAt) });
  const skipUpTo = (end: number) => {
    for (const step of checkSteps.slice(at + 1, end)) emit({ type: "step", step, state: "skipped" });
  };

  return {
    get current() {
      return current();
    },
    skip: (step) => void skipped.add(step),
    begin(step) {
      let target = checkSteps.indexOf(step);
      while (skipped.has(checkSteps[target] ?? step) && target < checkSteps.length - 1) target += 1;
      if (target <= at) return;
      leave();
      skipUpTo(target);
      at = target;
      startedAt = performance.now();
      emit({ type: "step", step: current(), state: "started" });
    },
    finish(before) {
      leave();
      skipUpTo(before === undefined ? checkSteps.length : checkSteps.indexOf(before));
    },
  };
}
