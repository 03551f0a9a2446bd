"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { revokePipelineTokenAction } from "@/lib/pipeline-tokens/actions";

const texts = { automate_unavailable: "Automate is not available. The token is still valid." };

export function RevokeTokenButton({
  fabricId,
  token: { id, name },
}: {
  fabricId: string;
  token: { id: string; name: string };
}) {
  return (
    <ConfirmedActButton
      verb="Revoke"
      name={name}
      title={`Revoke “${name}”?`}
      act={() => revokePipelineTokenAction(fabricId, { tokenId: id })}
      done={{ title: "Token revoked", description: name }}
      texts={texts}
    >
      Pipelines that use it lose access immediately. This cannot be undone.
    </ConfirmedActButton>
  );
}
