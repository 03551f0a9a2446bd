"use client";

import { useRouter } from "next/navigation";
import { startTransition, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { SecretInUseDialog } from "@/components/secrets/secret-in-use-dialog";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteSecretAction } from "@/lib/secrets/actions";
import type { SecretDetail } from "@/lib/secrets/schema";

export function DeleteSecretButton({
  fabricId,
  secret,
}: {
  fabricId: string;
  secret: Pick<SecretDetail, "id" | "name" | "connections">;
}) {
  const dialog = useDialog();
  const router = useRouter();
  const toast = useToast();
  const [error, setError] = useState<string | null>(null);
  const isInUse = secret.connections.length > 0;

  function deleteSecret() {
    return new Promise<void>((settled) => {
      // One transition, so that the list replaces this page before the page itself renders "not found".
      startTransition(async () => {
        const result = await deleteSecretAction(fabricId, { secretId: secret.id }).catch(() => null);
        if (result?.ok) {
          toast("Secret deleted", { description: secret.name });
          router.replace(`/metadata/fabrics/${fabricId}/secrets`);
        } else if (result?.code === "in_use") {
          setError(`It is now in use: ${result.fieldErrors?.connections ?? "a connection"}.`);
        } else setError(errorText(result?.code ?? "outcome_unknown"));
        settled();
      });
    });
  }

  return (
    <>
      <Button onClick={dialog.open}>Delete</Button>
      <SecretInUseDialog
        fabricId={fabricId}
        secret={secret}
        isOpen={dialog.isOpen && isInUse}
        onClose={dialog.close}
      />
      <ConfirmDialog
        isOpen={dialog.isOpen && !isInUse}
        onClose={dialog.close}
        onConfirm={deleteSecret}
        title={`Delete “${secret.name}”?`}
        confirmLabel="Delete"
        tone="danger"
        error={error}
      >
        No connection uses it. Pipelines that read it by this name or a former one will get “not found”. This
        cannot be undone.
      </ConfirmDialog>
    </>
  );
}
