import { PlugZap } from "lucide-react";
import { useRef } from "react";
import { CheckOutcome } from "@/components/connections/check-outcome";
import { CheckSteps } from "@/components/connections/check-steps";
import { useConnectionForm } from "@/components/connections/connection-form-context";
import { Button } from "@/components/ui/button";

/** The panel next to the form: the Check button, the live steps, and the result. */
export function CheckPanel() {
  const { connector, saved, form, result, check, properties } = useConnectionForm();
  const button = useRef<HTMLButtonElement>(null);
  const { progress, hasJustStarted } = check;
  const isRunning = progress.phase === "running";
  const canCancel = isRunning && !hasJustStarted;
  const isUnchanged = saved !== undefined && !form.formState.isDirty;
  const isNextStep = result?.ok !== true && !isUnchanged;
  return (
    <section aria-label="Check" className="flex flex-col gap-4 rounded-xl border border-line bg-surface p-5">
      <div className="flex items-center justify-between gap-3">
        <h2 className="font-semibold text-lg">Check</h2>
        <Button
          ref={button}
          size="sm"
          variant={isNextStep && !isRunning ? "primary" : "secondary"}
          icon={canCancel ? null : <PlugZap aria-hidden />}
          isPending={isRunning && hasJustStarted}
          onClick={canCancel ? check.cancel : () => void check.check()}
        >
          {canCancel ? "Cancel" : "Check"}
        </Button>
      </div>
      {progress.phase === "idle" ? (
        <p className="text-muted">
          Automate signs in with the chosen secret and performs one read, as a pipeline would. It changes
          nothing and stops after 15 seconds. When the form is complete, choosing a secret starts a check.
        </p>
      ) : (
        <CheckSteps progress={progress} stepTitles={connector.stepTitles} />
      )}
      {isRunning && (
        <p role="status" className="text-muted text-sm">
          {progress.ahead === null ? "It stops automatically after 15 seconds." : waitText(progress.ahead)}
        </p>
      )}
      <div aria-live="polite" className="empty:-mt-4">
        {progress.phase === "done" && (
          <CheckOutcome
            result={progress.result}
            isStale={check.isStale(properties)}
            // The pressed button disappears with the outcome that contains it.
            focusCheck={() => button.current?.focus()}
          />
        )}
      </div>
    </section>
  );
}

function waitText(ahead: number): string {
  return ahead === 0 ? "Waiting: next in the queue." : `Waiting: ${ahead} ahead in the queue.`;
}
