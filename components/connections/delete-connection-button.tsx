"use client";

import { Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { restorableText, useDeletedToast } from "@/components/trash/use-deleted-toast";
import { Button } from "@/components/ui/button";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteConnectionAction } from "@/lib/connections/actions";

export function DeleteConnectionButton({
  fabricId,
  connection: { id, name },
  trashDays,
}: {
  fabricId: string;
  /** How long it can be restored. */
  trashDays: number;
  connection: { id: string; name: string };
}) {
  const dialog = useDialog();
  const router = useRouter();
  const showDeleted = useDeletedToast(fabricId);
  return (
    <>
      <Button icon={<Trash2 aria-hidden />} onClick={dialog.open}>
        Delete
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Delete “${name}”?`}
        confirmLabel="Delete"
        tone="danger"
        act={() => deleteConnectionAction(fabricId, { connectionId: id })}
        onDone={() => {
          showDeleted({ type: "connection", id, name }, { trashDays });
          router.push(`/metadata/fabrics/${fabricId}/connections`);
        }}
      >
        Pipelines that use this connection stop working. Its secrets stay in the fabric.{" "}
        {restorableText(trashDays)}
      </ConfirmedActDialog>
    </>
  );
}
