"use client";

import { useRouter } from "next/navigation";
import { startTransition, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { SecretInUseDialog } from "@/components/secrets/secret-in-use-dialog";
import { SecretUserList } from "@/components/secrets/secret-user-list";
import { restorableText, useDeletedToast } from "@/components/trash/use-deleted-toast";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteSecretAction } from "@/lib/secrets/actions";
import { type SecretUsers, usedForDays } from "@/lib/secrets/schema";

export function DeleteSecretButton({
  fabricId,
  users,
  trashDays,
}: {
  fabricId: string;
  /** How long it can be restored. */
  trashDays: number;
  users: SecretUsers;
}) {
  const dialog = useDialog();
  const router = useRouter();
  const showDeleted = useDeletedToast(fabricId);
  const [error, setError] = useState<string | null>(null);
  const { id, name } = users;
  const isInUse = users.usedBy > 0 || users.usedByRotations > 0;
  const isRead = users.readers.length > 0;

  function deleteSecret() {
    return new Promise<void>((settled) => {
      // One transition, so that the list replaces this page before the page itself renders "not found".
      startTransition(async () => {
        const result = await deleteSecretAction(fabricId, { secretId: id }).catch(() => null);
        if (result?.ok) {
          showDeleted({ type: "secret", id, name }, { trashDays });
          router.replace(`/metadata/fabrics/${fabricId}/secrets`);
        } else if (result?.code === "in_use") {
          setError(`It is now in use: ${result.fieldErrors?.users ?? "a connection"}.`);
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
        users={users}
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
            <p className="mb-3">Pipelines that read it will get “not found”. {restorableText(trashDays)}</p>
            <SecretUserList fabricId={fabricId} users={users} />
          </>
        ) : (
          <p>
            No connection or rotation uses it, and no pipeline has read it in the last {usedForDays} days.{" "}
            {restorableText(trashDays)}
          </p>
        )}
      </ConfirmDialog>
    </>
  );
}
