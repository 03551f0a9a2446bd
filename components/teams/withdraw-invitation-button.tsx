"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { withdrawInvitationAction } from "@/lib/invitations/actions";

export function WithdrawInvitationButton({
  teamId,
  invitationId,
  email,
}: {
  teamId: string;
  invitationId: string;
  email: string;
}) {
  return (
    <ConfirmedActButton
      verb="Revoke"
      name={`the invitation of ${email}`}
      title={`Revoke the invitation of ${email}?`}
      act={() => withdrawInvitationAction(teamId, { invitationId })}
      done={{ title: "Invitation revoked", description: email }}
    >
      The link stops working immediately.
    </ConfirmedActButton>
  );
}
