"use client";

import { ConfirmedButton } from "@/components/secrets/confirmed-button";
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
    <ConfirmedButton
      label="Drop"
      of={name}
      title={`Drop the name “${name}”?`}
      done="Name dropped"
      act={() => dropSecretNameAction(fabricId, { secretId, name })}
    >
      Pipelines that still read the secret by this name will be told that it is not found. The name becomes
      free for another secret.
    </ConfirmedButton>
  );
}
