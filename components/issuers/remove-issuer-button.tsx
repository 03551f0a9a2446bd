"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { removeIssuerAction } from "@/lib/issuers/actions";

const texts = { automate_unavailable: "Automate does not answer. It is still trusted." };

export function RemoveIssuerButton({
  fabricId,
  issuer,
}: {
  fabricId: string;
  issuer: { id: string; name: string };
}) {
  const confirm = useDialog();
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const [error, setError] = useState<string | null>(null);

  async function remove() {
    setError(null);
    const run = reauthenticate.protect(removeIssuerAction);
    const result = await run(fabricId, { issuerId: issuer.id }).catch(() => null);
    if (!result) return setError(errorText("unexpected"));
    if (result.ok) {
      confirm.close();
      toast("Issuer removed", { description: issuer.name });
    } else if (result.code !== "reauthenticate") setError(errorText(result.code, texts));
  }

  return (
    <>
      <Button
        size="sm"
        onClick={() => {
          setError(null);
          confirm.open();
        }}
      >
        Remove<span className="sr-only"> {issuer.name}</span>
      </Button>
      <ConfirmDialog
        isOpen={confirm.isOpen}
        onClose={confirm.close}
        onConfirm={remove}
        title={`Remove “${issuer.name}”?`}
        confirmLabel="Remove"
        tone="danger"
        error={error}
      >
        Its workloads can read no secret of this fabric from now on.
        {reauthenticate.dialog}
      </ConfirmDialog>
    </>
  );
}
