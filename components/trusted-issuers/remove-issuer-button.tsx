"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { removeIssuerAction } from "@/lib/trusted-issuers/actions";

const texts = { automate_unavailable: "Automate does not answer. It is still trusted." };

export function RemoveIssuerButton({
  fabricId,
  issuer: { id, name },
}: {
  fabricId: string;
  issuer: { id: string; name: string };
}) {
  return (
    <ConfirmedActButton
      verb="Remove"
      name={name}
      title={`Remove “${name}”?`}
      act={() => removeIssuerAction(fabricId, { issuerId: id })}
      done={{ title: "Issuer removed", description: name }}
      texts={texts}
    >
      Its workloads can read no secret of this fabric from now on.
    </ConfirmedActButton>
  );
}
