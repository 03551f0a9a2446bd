"use client";

import { formatDistanceToNow } from "date-fns";
import { PlugZap } from "lucide-react";
import { useRouter } from "next/navigation";
import { formatDuration } from "@/components/connections/duration";
import { type CheckSubject, useCheck } from "@/components/connections/use-check";
import { useNotCheckedToast } from "@/components/connections/use-not-checked-toast";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import { checkTexts, stepTitle } from "@/lib/connectors/check-texts";

/** Checks a saved connection from its row, without opening the form. */
export function RowCheck({
  fabricId,
  subject,
  stepTitles,
}: {
  fabricId: string;
  subject: CheckSubject;
  stepTitles: Readonly<Record<string, string>>;
}) {
  const router = useRouter();
  const toast = useToast();
  const toastNotChecked = useNotCheckedToast();
  const { progress, start, cancel } = useCheck(fabricId);
  const isRunning = progress.phase === "running";
  const isWaiting = isRunning && progress.ahead !== null;
  const latest = isRunning ? progress.steps.at(-1) : undefined;

  async function check() {
    const answer = await start(subject, { isConfirmed: false });
    if (answer === null) return;
    if (answer.type === "refused") return toastNotChecked(subject.name, errorText(answer.code));
    if (answer.type === "invalid")
      return toastNotChecked(
        subject.name,
        `${Object.values(answer.fieldErrors)[0] ?? ""} Open the connection to correct it.`.trim(),
      );
    if (answer.ok) toast(`${subject.name}: the check passed`, { description: formatDuration(answer.ms) });
    else
      toast(`${subject.name}: ${checkTexts[answer.code].title}`, {
        tone: "danger",
        description: adviceOf(answer),
      });
    // Automate wrote the status, so no server action of web refreshed the page.
    router.refresh();
  }

  // One button whose label changes: it keeps the focus and the row's height.
  return (
    <div className="flex flex-col items-start gap-1 wide:items-end">
      <Button
        size="sm"
        icon={isRunning ? null : <PlugZap aria-hidden />}
        onClick={isRunning ? cancel : check}
        className="min-w-21"
      >
        {isRunning ? "Cancel" : "Check"}
        <span className="sr-only">
          {isRunning ? " the check of" : ""} {subject.name}
        </span>
      </Button>
      {isRunning && (
        <span className="text-muted text-sm" aria-live="polite">
          {isWaiting ? "Waiting in the queue" : latest ? stepTitle(latest.step, { stepTitles }) : "Starting"}{" "}
          …
        </span>
      )}
    </div>
  );
}

function adviceOf({ code, facts, newDestinations }: Extract<CheckResult, { ok: false }>): string {
  const { advice } = checkTexts[code];
  if (newDestinations) return "Open the connection and check it there to see the new destination.";
  if (facts?.retryAt === undefined) return advice;
  return `${advice} You can try again ${formatDistanceToNow(facts.retryAt, { addSuffix: true })}.`;
}
