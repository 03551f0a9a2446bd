"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { revokeAccessTokenAction } from "@/lib/access-tokens/actions";

export function RevokeAccessTokenButton({ token: { id, name } }: { token: { id: string; name: string } }) {
  return (
    <ConfirmedActButton
      verb="Revoke"
      name={name}
      title={`Revoke “${name}”?`}
      act={() => revokeAccessTokenAction({ accessTokenId: id })}
      done={{ title: "Token revoked", description: name }}
    >
      Scripts that use it stop working immediately. This cannot be undone.
    </ConfirmedActButton>
  );
}
