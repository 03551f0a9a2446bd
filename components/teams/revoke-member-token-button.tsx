"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { revokeMemberAccessTokenAction } from "@/lib/access-tokens/actions";

export function RevokeMemberTokenButton({
  teamId,
  token: { id, name, ownerName },
}: {
  teamId: string;
  token: { id: string; name: string; ownerName: string };
}) {
  return (
    <ConfirmedActButton
      verb="Revoke"
      name={`${name} of ${ownerName}`}
      title={`Revoke “${name}” of ${ownerName}?`}
      act={() => revokeMemberAccessTokenAction(teamId, { accessTokenId: id })}
      done={{ title: "Token revoked", description: name }}
    >
      {ownerName}’s scripts that use it stop working immediately, in this team and everywhere else.{" "}
      {ownerName} sees that you revoked it. This cannot be undone.
    </ConfirmedActButton>
  );
}
