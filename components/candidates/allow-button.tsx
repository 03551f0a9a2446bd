"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { allowForCandidateAction } from "@/lib/candidates/actions";
import type { CandidateConnection, CandidateDetail } from "@/lib/candidates/schema";
import { formatDestination } from "@/lib/connectors/format-destination";

const texts = { refused: "The connection has changed meanwhile. Check it again to see where it leads now." };

/** Lets an Admin allow the destinations of one connection for a new value. */
export function AllowButton({
  fabricId,
  candidate: { secretId, candidate, authorities },
  connection: { id, name, notAllowed },
  onAllowed,
}: {
  fabricId: string;
  candidate: Pick<CandidateDetail, "secretId" | "candidate" | "authorities">;
  connection: Pick<CandidateConnection, "id" | "name" | "notAllowed">;
  onAllowed: () => void;
}) {
  return (
    <ConfirmedActButton
      verb="Allow"
      name={`the destination of ${name}`}
      title={`Send the new value there?`}
      tone="primary"
      act={async () => {
        const input = { secretId, candidate, connectionId: id, destinations: notAllowed };
        const result = await allowForCandidateAction(fabricId, input);
        if (result.ok) onAllowed();
        return result;
      }}
      done={{ title: "Destination allowed", description: name }}
      texts={texts}
    >
      <p>{name} would send the new value to:</p>
      <ul className="mt-2 list-disc pl-5 text-ink">
        {notAllowed.map((destination) => (
          <li key={destination}>{formatDestination(destination, authorities)}</li>
        ))}
      </ul>
    </ConfirmedActButton>
  );
}
