"use client";

import { RotateCw } from "lucide-react";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { rotateFabricKeyAction } from "@/lib/fabric-keys/actions";

export function RotateKeyButton({
  fabric,
  isRotating,
}: {
  fabric: { id: string; name: string };
  /** A fabric has one rotation at a time. */
  isRotating: boolean;
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button icon={<RotateCw />} onClick={dialog.open} disabled={isRotating}>
        Rotate key
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Rotate the key of ${fabric.name}?`}
        confirmLabel="Rotate key"
        act={() => rotateFabricKeyAction(fabric.id, {})}
        onDone={() => toast("The key is being rotated")}
        texts={{ refused: "A rotation of this key is running or paused." }}
      >
        A new key seals new values at once. Automate reseals the stored ones in the background, and then
        destroys the former key. People and pipelines notice nothing.
      </ConfirmedActDialog>
    </>
  );
}
