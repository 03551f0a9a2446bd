"use client";

import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { revokeEntryLinkAction } from "@/lib/entry-links/actions";

export function RevokeEntryLinkButton({
  fabricId,
  link: { id, name },
}: {
  fabricId: string;
  link: { id: string; name: string };
}) {
  return (
    <ConfirmedActButton
      verb="Revoke"
      name={`the link for ${name}`}
      title={`Revoke the link for ${name}?`}
      act={() => revokeEntryLinkAction(fabricId, { linkId: id })}
      done={{ title: "Link revoked", description: name }}
    >
      It stops working immediately. A value that was already entered stays.
    </ConfirmedActButton>
  );
}
