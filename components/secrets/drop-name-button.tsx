"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { dropSecretNameAction } from "@/lib/secrets/actions";

export function DropNameButton({
  fabricId,
  secretId,
  name,
}: {
  fabricId: string;
  secretId: string;
  name: string;
}) {
  return (
    <ConfirmedActButton
      verb="Remove"
      name={name}
      title={`Remove the name “${name}”?`}
      act={() => dropSecretNameAction(fabricId, { secretId, name })}
      done={{ title: "Name removed", description: name }}
    >
      Pipelines that still read the secret by this name will get “not found”. Another secret can then use the
      name.
    </ConfirmedActButton>
  );
}
