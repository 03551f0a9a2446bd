"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useDialog } from "@/components/ui/use-dialog";
import { leaveTeamAction } from "@/lib/teams/actions";

export function LeaveTeamButton({ teamId, teamName }: { teamId: string; teamName: string }) {
  const { isOpen, open, close } = useDialog();
  const [error, setError] = useState<string | null>(null);

  async function leave() {
    const result = await leaveTeamAction(teamId, {}).catch(() => null);
    if (result?.ok) window.location.assign("/metadata/teams");
    else setError(errorText(result?.code ?? "outcome_unknown"));
  }

  return (
    <>
      <Button onClick={open}>Leave team</Button>
      <ConfirmDialog
        isOpen={isOpen}
        onClose={close}
        onConfirm={leave}
        title={`Leave ${teamName}?`}
        confirmLabel="Leave team"
        tone="danger"
        error={error}
      >
        You lose access to its fabrics immediately. To return, you need a new invitation.
      </ConfirmDialog>
    </>
  );
}
