"use client";

import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Button } from "@/components/ui/button";
import { endSnoozeAction } from "@/lib/reminders/actions";
import type { SnoozableTopic } from "@/lib/reminders/schema";

export function EndSnoozeButton({
  fabricId,
  topic,
  object: { id, name },
}: {
  fabricId: string;
  topic: SnoozableTopic;
  object: { id: string; name: string };
}) {
  const { run, isPending, dialog } = useToastedAct();

  async function end() {
    await run(() => endSnoozeAction(fabricId, { topic, objectId: id }), {
      done: "Snooze ended",
      description: name,
      failed: "The snooze was not ended",
    });
  }

  return (
    <>
      <Button size="sm" isPending={isPending} onClick={end}>
        End snooze<span className="sr-only"> of {name}</span>
      </Button>
      {dialog}
    </>
  );
}
