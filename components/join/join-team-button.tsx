"use client";

import { useState, useTransition } from "react";
import { errorText } from "@/components/form/error-texts";
import { FormError } from "@/components/form/form-error";
import { Button } from "@/components/ui/button";
import { joinTeamAction } from "@/lib/invitations/actions";

export function JoinTeamButton({ token, teamName }: { token: string; teamName: string }) {
  const [isPending, startTransition] = useTransition();
  const [error, setError] = useState<string | null>(null);
  const join = () =>
    startTransition(async () => {
      const result = await joinTeamAction({ token }).catch(() => null);
      if (result?.ok) window.location.assign(`/metadata/teams/${result.value.teamId}`);
      else
        setError(
          errorText(result?.code ?? "outcome_unknown", {
            no_invitation: "This invitation was used or revoked in the meantime. Ask for a new one.",
            other_person: "This invitation is for another e-mail address.",
          }),
        );
    });
  return (
    <>
      <FormError error={error} />
      <Button variant="primary" className="w-full justify-center" onClick={join} isPending={isPending}>
        Join {teamName}
      </Button>
    </>
  );
}
