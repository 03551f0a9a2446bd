"use client";

import { useState } from "react";
import { errorText, failureTitle } from "@/components/form/error-texts";
import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { destinationInWords } from "@/lib/connectors/destination-words";
import { keepDestinationAction } from "@/lib/destinations/actions";
import type { ToReview } from "@/lib/destinations/schema";
import { removeDestinationAction } from "@/lib/secrets/actions";

export function ReviewButtons({
  fabricId,
  destination: { id, destination, secret, connections },
}: {
  fabricId: string;
  destination: ToReview["destinations"][number];
}) {
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const [isPending, setPending] = useState(false);
  const name = `${secret.name} to ${destinationInWords(destination)}`;

  async function keep() {
    setPending(true);
    const run = reauthenticate.protect(keepDestinationAction);
    const result = await run(fabricId, { destinationId: id }).catch(() => null);
    setPending(false);
    if (result?.ok) toast("Destination kept", { description: name });
    else if (result?.code !== "reauthenticate")
      toast(failureTitle(result?.code, "Nothing was changed"), {
        tone: "danger",
        description: errorText(result?.code ?? "outcome_unknown"),
      });
  }

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
      {reauthenticate.dialog}
    </div>
  );
}
