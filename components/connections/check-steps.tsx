import { Check, CircleDashed, LoaderCircle, Minus, X } from "lucide-react";
import { formatDuration } from "@/components/connections/duration";
import type { CheckProgress, StepProgress } from "@/components/connections/use-check";
import { cx } from "@/components/ui/class-names";
import { checkSteps } from "@/lib/connectors/check-protocol";
import { stepTitle } from "@/lib/connectors/check-texts";

const states = {
  waiting: { icon: CircleDashed, className: "text-faint", word: "not yet" },
  started: { icon: LoaderCircle, className: "text-accent-text [&_svg]:animate-spin", word: "in progress" },
  passed: { icon: Check, className: "text-success-text", word: "passed" },
  skipped: { icon: Minus, className: "text-faint", word: "not needed" },
  failed: { icon: X, className: "text-danger-text", word: "failed" },
} as const;

/** The five steps of a check, live, each with its duration. */
export function CheckSteps({
  progress,
  stepTitles,
}: {
  progress: Exclude<CheckProgress, { phase: "idle" }>;
  stepTitles: Readonly<Record<string, string>>;
}) {
  const byStep = new Map(progress.steps.map((step) => [step.step, step]));
  return (
    <ol aria-label="Steps of the check" className="flex flex-col gap-1">
      {checkSteps.map((step) => (
        <Step key={step} title={stepTitle(step, { stepTitles })} progress={byStep.get(step)} />
      ))}
    </ol>
  );
}

function Step({ title, progress }: { title: string; progress: StepProgress | undefined }) {
  const { icon: Icon, className, word } = states[progress?.state ?? "waiting"];
  return (
    <li className="flex min-h-7 items-center gap-2.5">
      <span className={cx("[&_svg]:size-4", className)}>
        <Icon aria-hidden />
      </span>
      <span className={cx("flex-1", progress ? "text-ink" : "text-faint")}>
        {title}
        <span className="sr-only">: {word}</span>
      </span>
      {progress?.ms !== undefined && (
        <span className="text-muted text-sm tabular-nums">{formatDuration(progress.ms)}</span>
      )}
    </li>
  );
}
