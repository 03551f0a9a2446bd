"use client";

import { useState } from "react";
import { errorText, failureTitle } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { resetAttemptsAction } from "@/lib/credential-attempts/actions";

export function AllowTryButton({ fabricId, secretId }: { fabricId: string; secretId: string }) {
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const [isPending, setIsPending] = useState(false);

  async function allow() {
    setIsPending(true);
    const run = reauthenticate.protect(resetAttemptsAction);
    const result = await run(fabricId, { secretId }).catch(() => null);
    setIsPending(false);
    if (result?.ok) toast("Another try is allowed");
    else if (result?.code !== "reauthenticate")
      toast(failureTitle(result?.code, "No other try was allowed"), {
        tone: "danger",
        description: errorText(result?.code ?? "outcome_unknown"),
      });
  }

  return (
    <>
      <Button size="sm" isPending={isPending} onClick={allow}>
        Allow another try
      </Button>
      {reauthenticate.dialog}
    </>
  );
}
