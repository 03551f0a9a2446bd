"use client";

import { ConfirmedButton } from "@/components/secrets/confirmed-button";
import { removeDestinationAction } from "@/lib/secrets/actions";

export function RemoveDestinationButton({
  fabricId,
  destination: { id, destination },
}: {
  fabricId: string;
  destination: { id: string; destination: string };
}) {
  return (
    <ConfirmedButton
      label="Remove"
      of={destination}
      title="Remove this destination?"
      done="Destination removed"
      act={() => removeDestinationAction(fabricId, { destinationId: id })}
    >
      The secret is no longer sent to <span className="font-mono text-ink">{destination}</span>. A connection
      that uses it there fails its next check until somebody allows the place again.
    </ConfirmedButton>
  );
}
