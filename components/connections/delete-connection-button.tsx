"use client";

import { Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteConnectionAction } from "@/lib/connections/actions";

export function DeleteConnectionButton({
  fabricId,
  connection: { id, name },
}: {
  fabricId: string;
  connection: { id: string; name: string };
}) {
  const dialog = useDialog();
  const router = useRouter();
  const toast = useToast();
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
          toast("Connection deleted", { description: name });
          router.push(`/metadata/fabrics/${fabricId}/connections`);
        }}
      >
        Pipelines that use this connection stop working. Its secrets stay in the fabric.
      </ConfirmedActDialog>
    </>
  );
}
