"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Button } from "@/components/ui/button";
import { formatDestination } from "@/lib/connectors/format-destination";
import { keepDestinationAction, removeDestinationAction } from "@/lib/destinations/actions";
import type { ToReview } from "@/lib/destinations/schema";

export function ReviewButtons({
  fabricId,
  destination: { id, destination, secret, connections },
}: {
  fabricId: string;
  destination: ToReview["destinations"][number];
}) {
  const { run, isPending, dialog } = useToastedAct();
  const name = `${secret.name} to ${formatDestination(destination)}`;
  const keep = () =>
    run(() => keepDestinationAction(fabricId, { destinationId: id }), {
      done: "Destination kept",
      description: name,
      failed: "Nothing was changed",
    });

  return (
    <div className="flex gap-2">
      <ConfirmedActButton
        verb="Remove"
        name={name}
        title="Remove this destination?"
        act={() => removeDestinationAction(fabricId, { destinationId: id })}
        done={{ title: "Destination removed" }}
      >
        <p className="text-ink">{name}</p>
        <p className="mt-1">
          {connections
            ? `Pipelines can’t use ${connections} until someone allows it again.`
            : `Pipelines get no tokens of ${secret.name} until someone allows it again.`}
        </p>
      </ConfirmedActButton>
      <Button size="sm" isPending={isPending} onClick={keep}>
        Keep<span className="sr-only"> {name}</span>
      </Button>
      {dialog}
    </div>
  );
}
