"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { formatDestination } from "@/lib/connectors/format-destination";
import { removeDestinationAction } from "@/lib/secrets/actions";

export function RemoveDestinationButton({
  fabricId,
  destination: { id, destination },
}: {
  fabricId: string;
  destination: { id: string; destination: string };
}) {
  const words = formatDestination(destination);
  return (
    <ConfirmedActButton
      verb="Remove"
      name={words}
      title="Remove this destination?"
      act={() => removeDestinationAction(fabricId, { destinationId: id })}
      done={{ title: "Destination removed" }}
    >
      The secret is not sent to {words} again until the person who entered its value or an Admin allows it.
    </ConfirmedActButton>
  );
}
