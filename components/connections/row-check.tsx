"use client";

import { PlugZap } from "lucide-react";
import { useRouter } from "next/navigation";
import { CheckSteps } from "@/components/connections/check-steps";
import { type CheckSubject, useCheck } from "@/components/connections/use-check";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { checkTexts } from "@/lib/connectors/check-texts";

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
  const { progress, start, cancel } = useCheck(fabricId);

  async function check() {
    const answer = await start(subject);
    if (answer === null) return;
    if (answer.type === "invalid")
      return toast(`${subject.name} is not complete. Open it to see what is missing.`, { tone: "danger" });
    if (answer.ok) toast(`${subject.name} works`, { description: `${answer.ms} ms` });
    else
      toast(`${subject.name}: ${checkTexts[answer.code].title}`, {
        tone: "danger",
        description: checkTexts[answer.code].advice,
      });
    // Automate wrote the status, so no action of ours could have refreshed it.
    router.refresh();
  }

  if (progress.phase === "running") {
    return (
      <div className="flex min-w-44 flex-col gap-2">
        <CheckSteps progress={progress} stepTitles={stepTitles} />
        <Button size="sm" onClick={cancel}>
          Cancel<span className="sr-only"> the check of {subject.name}</span>
        </Button>
      </div>
    );
  }
  return (
    <Button size="sm" icon={<PlugZap aria-hidden />} onClick={check}>
      Check<span className="sr-only"> {subject.name}</span>
    </Button>
  );
}
