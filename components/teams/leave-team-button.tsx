"use client";

import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useDialog } from "@/components/ui/use-dialog";
import { leaveTeamAction } from "@/lib/teams/actions";

export function LeaveTeamButton({ teamId, teamName }: { teamId: string; teamName: string }) {
  const dialog = useDialog();
  return (
    <>
      <Button onClick={dialog.open}>Leave team</Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Leave ${teamName}?`}
        confirmLabel="Leave team"
        tone="danger"
        act={() => leaveTeamAction(teamId, {})}
        onDone={() => window.location.assign("/metadata/teams")}
      >
        You lose access to its fabrics immediately, and reminders about what you own go to the Admins. To
        return, you need a new invitation.
      </ConfirmedActDialog>
    </>
  );
}
