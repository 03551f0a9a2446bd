"use client";

import { useRouter } from "next/navigation";
import { startTransition, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { ReaderList } from "@/components/secrets/reader-list";
import { SecretInUseDialog } from "@/components/secrets/secret-in-use-dialog";
import { restorableText, useDeletedToast } from "@/components/trash/use-deleted-toast";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteSecretAction } from "@/lib/secrets/actions";
import { type SecretDetail, usedForDays } from "@/lib/secrets/schema";

export function DeleteSecretButton({
  fabricId,
  secret,
  trashDays,
}: {
  fabricId: string;
  /** How long it can be restored. */
  trashDays: number;
  secret: Pick<SecretDetail, "id" | "name" | "connections" | "readers" | "usedBy">;
}) {
  const dialog = useDialog();
  const router = useRouter();
  const showDeleted = useDeletedToast(fabricId);
  const [error, setError] = useState<string | null>(null);
  const { name, readers } = secret;
  const isInUse = secret.connections.length > 0;
  const isRead = readers.length > 0;

  function deleteSecret() {
    return new Promise<void>((settled) => {
      // One transition, so that the list replaces this page before the page itself renders "not found".
      startTransition(async () => {
        const result = await deleteSecretAction(fabricId, { secretId: secret.id }).catch(() => null);
        if (result?.ok) {
          showDeleted({ type: "secret", id: secret.id, name }, { trashDays });
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
      <Button
        onClick={() => {
          // A pipeline may have read the secret since this page was loaded.
          router.refresh();
          dialog.open();
        }}
      >
        Delete
      </Button>
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
        title={`Delete “${name}”?`}
        confirmLabel="Delete"
        tone="danger"
        typedName={isRead ? name : undefined}
        error={error}
      >
        {isRead ? (
          <>
            <p>These pipelines have read it in the last {usedForDays} days and will get “not found”:</p>
            <ReaderList name={name} readers={readers} />
            <p className="mt-3">{restorableText(trashDays)}</p>
          </>
        ) : (
          <p>
            No connection uses it, and no pipeline has read it in the last {usedForDays} days.{" "}
            {restorableText(trashDays)}
          </p>
        )}
      </ConfirmDialog>
    </>
  );
}
