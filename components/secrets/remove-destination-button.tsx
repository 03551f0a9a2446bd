"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { removeDestinationAction } from "@/lib/secrets/actions";

export function RemoveDestinationButton({
  fabricId,
  destination,
}: {
  fabricId: string;
  destination: { id: string; destination: string };
}) {
  const confirm = useDialog();
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const [error, setError] = useState<string | null>(null);

  async function remove() {
    setError(null);
    const run = reauthenticate.protect(removeDestinationAction);
    const result = await run(fabricId, { destinationId: destination.id }).catch(() => null);
    if (!result) return setError(errorText("unexpected"));
    if (result.ok) {
      confirm.close();
      toast("Destination removed");
    } else if (result.code !== "reauthenticate") setError(errorText(result.code));
  }

  return (
    <>
      <Button size="sm" onClick={confirm.open}>
        Remove<span className="sr-only"> {destination.destination}</span>
      </Button>
      <ConfirmDialog
        isOpen={confirm.isOpen}
        onClose={confirm.close}
        onConfirm={remove}
        title="Remove this destination?"
        confirmLabel="Remove"
        tone="danger"
        error={error}
      >
        The secret is not sent to {destination.destination} again until its author or an Admin checks a
        connection there.
        {reauthenticate.dialog}
      </ConfirmDialog>
    </>
  );
}
