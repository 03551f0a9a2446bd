"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useDialog } from "@/components/ui/use-dialog";
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
  const { isOpen, open, close } = useDialog();
  const { protect, dialog } = useReauthenticate();
  const [error, setError] = useState<string | null>(null);

  async function withdraw() {
    setError(null);
    const result = await protect(withdrawInvitationAction)(teamId, { invitationId }).catch(() => null);
    if (result?.ok) close();
    else if (result?.code !== "reauthenticate") setError(errorText(result?.code ?? "outcome_unknown"));
  }

  return (
    <>
      <Button size="sm" onClick={open} aria-label={`Revoke the invitation of ${email}`}>
        Revoke
      </Button>
      <ConfirmDialog
        isOpen={isOpen}
        onClose={close}
        onConfirm={withdraw}
        title={`Revoke the invitation of ${email}?`}
        confirmLabel="Revoke"
        tone="danger"
        error={error}
      >
        The link stops working at once.
        {dialog}
      </ConfirmDialog>
    </>
  );
}
