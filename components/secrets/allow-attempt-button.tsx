"use client";

import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Button } from "@/components/ui/button";
import { resetAttemptsAction } from "@/lib/credential-attempts/actions";

export function AllowAttemptButton({ fabricId, secretId }: { fabricId: string; secretId: string }) {
  const { run, isPending, dialog } = useToastedAct();
  const allow = () =>
    run(() => resetAttemptsAction(fabricId, { secretId }), {
      done: "Another attempt is allowed",
      failed: "The attempt was not allowed",
    });

  return (
    <>
      <Button size="sm" isPending={isPending} onClick={allow}>
        Allow another attempt
      </Button>
      {dialog}
    </>
  );
}
