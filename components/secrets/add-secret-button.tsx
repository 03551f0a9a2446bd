"use client";

import { Plus } from "lucide-react";
import { AddSecretDialog } from "@/components/secrets/add-secret-dialog";
import { Button } from "@/components/ui/button";
import { useDialog } from "@/components/ui/use-dialog";

export function AddSecretButton({ fabricId, maxSecretBytes }: { fabricId: string; maxSecretBytes: number }) {
  const dialog = useDialog();
  return (
    <>
      <Button variant="primary" icon={<Plus aria-hidden />} onClick={dialog.open}>
        Add Secret
      </Button>
      <AddSecretDialog
        fabricId={fabricId}
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        maxSecretBytes={maxSecretBytes}
      />
    </>
  );
}
