"use client";

import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Button } from "@/components/ui/button";
import { acknowledgeAlarmAction } from "@/lib/alarms/actions";

export function AcknowledgeAlarmButton({
  fabricId,
  secret,
}: {
  fabricId: string;
  secret: { id: string; name: string };
}) {
  const { run, isPending, dialog } = useToastedAct();
  const acknowledge = () =>
    run(() => acknowledgeAlarmAction(fabricId, { secretId: secret.id }), {
      done: "Alarm acknowledged",
      description: secret.name,
      failed: "The alarm was not acknowledged",
    });

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
      {dialog}
    </>
  );
}
