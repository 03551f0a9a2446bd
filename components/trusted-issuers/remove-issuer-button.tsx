"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { removeIssuerAction } from "@/lib/trusted-issuers/actions";

const texts = { automate_unavailable: "Automate is not available. The issuer is still trusted." };

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
      done={{ title: "Trusted issuer removed", description: name }}
      texts={texts}
    >
      Its workloads lose access to this fabric immediately.
    </ConfirmedActButton>
  );
}
