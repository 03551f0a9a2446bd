"use client";

import { useState } from "react";
import { errorText, failureTitle } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { acknowledgeAlarmAction } from "@/lib/alarms/actions";

export function AcknowledgeAlarmButton({
  fabricId,
  secret,
}: {
  fabricId: string;
  secret: { id: string; name: string };
}) {
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const [isPending, setIsPending] = useState(false);

  async function acknowledge() {
    setIsPending(true);
    const run = reauthenticate.protect(acknowledgeAlarmAction);
    const result = await run(fabricId, { secretId: secret.id }).catch(() => null);
    setIsPending(false);
    if (result?.ok) toast("Alarm acknowledged", { description: secret.name });
    else if (result?.code !== "reauthenticate")
      toast(failureTitle(result?.code, "The alarm was not acknowledged"), {
        tone: "danger",
        description: errorText(result?.code ?? "outcome_unknown"),
      });
  }

  return (
    <>
      <Button
        size="sm"
        isPending={isPending}
        onClick={acknowledge}
        aria-label={`Acknowledge the alarm of ${secret.name}`}
      >
        Acknowledge
      </Button>
      {reauthenticate.dialog}
    </>
  );
}
