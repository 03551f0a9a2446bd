"use client";

import { Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteConnectionAction } from "@/lib/connections/actions";

export function DeleteConnectionButton({
  fabricId,
  connection,
}: {
  fabricId: string;
  connection: { id: string; name: string };
}) {
  const confirm = useDialog();
  const router = useRouter();
  const toast = useToast();
  const [error, setError] = useState<string | null>(null);

  async function remove() {
    setError(null);
    const result = await deleteConnectionAction(fabricId, { connectionId: connection.id }).catch(() => null);
    if (!result?.ok) return setError(errorText(result?.code ?? "outcome_unknown"));
    confirm.close();
    toast("Connection deleted", { description: connection.name });
    router.push(`/metadata/fabrics/${fabricId}/connections`);
  }

  return (
    <>
      <Button icon={<Trash2 aria-hidden />} onClick={confirm.open}>
        Delete
      </Button>
      <ConfirmDialog
        isOpen={confirm.isOpen}
        onClose={confirm.close}
        onConfirm={remove}
        title={`Delete “${connection.name}”?`}
        confirmLabel="Delete"
        tone="danger"
        error={error}
      >
        Pipelines that use this connection stop working. Its secrets stay in the fabric.
      </ConfirmDialog>
    </>
  );
}
