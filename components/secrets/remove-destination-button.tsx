"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { formatDestination } from "@/lib/connectors/format-destination";
import { removeDestinationAction } from "@/lib/destinations/actions";

export function RemoveDestinationButton({
  fabricId,
  destination: { id, destination },
  authorities,
}: {
  fabricId: string;
  destination: { id: string; destination: string };
  authorities: Readonly<Record<string, string>>;
}) {
  const words = formatDestination(destination, authorities);
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
