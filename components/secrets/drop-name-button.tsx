"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { dropSecretNameAction } from "@/lib/secrets/actions";

export function DropNameButton({
  fabricId,
  secretId,
  name,
}: {
  fabricId: string;
  secretId: string;
  name: string;
}) {
  const dialog = useDialog();
  const toast = useToast();
  const [error, setError] = useState<string | null>(null);

  async function drop() {
    const result = await dropSecretNameAction(fabricId, { secretId, name }).catch(() => null);
    if (!result?.ok) return setError(errorText(result?.code ?? "outcome_unknown"));
    dialog.close();
    toast("Name dropped", { description: name });
  }

  return (
    <>
      <Button size="sm" onClick={dialog.open} aria-label={`Drop ${name}`}>
        Drop
      </Button>
      <ConfirmDialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        onConfirm={drop}
        title={`Drop the name “${name}”?`}
        confirmLabel="Drop"
        tone="danger"
        error={error}
      >
        Pipelines that still read the secret by this name will be told that it is not found. The name becomes
        free for another secret.
      </ConfirmDialog>
    </>
  );
}
