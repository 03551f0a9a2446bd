"use client";

import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Button } from "@/components/ui/button";
import { resetAttemptsAction } from "@/lib/credential-attempts/actions";

export function AllowTryButton({ fabricId, secretId }: { fabricId: string; secretId: string }) {
  const { run, isPending, dialog } = useToastedAct();
  const allow = () =>
    run(() => resetAttemptsAction(fabricId, { secretId }), {
      done: "Another try is allowed",
      failed: "No other try was allowed",
    });

  return (
    <>
      <Button size="sm" isPending={isPending} onClick={allow}>
        Allow another try
      </Button>
      {dialog}
    </>
  );
}
