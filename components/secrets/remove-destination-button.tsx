"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { formatDestination } from "@/lib/connectors/format-destination";
import { removeDestinationAction } from "@/lib/destinations/actions";

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
      Selvage sends the secret to {words} again only after the destination is allowed again.
    </ConfirmedActButton>
  );
}
