"use client";

import { useRouter } from "next/navigation";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { removePasswordRotationAction } from "@/lib/password-rotations/actions";
import { problemTexts } from "@/lib/password-rotations/texts";

export function StopRotationButton({
  fabricId,
  secret: { id, name },
}: {
  fabricId: string;
  secret: { id: string; name: string };
}) {
  const dialog = useDialog();
  const toast = useToast();
  const router = useRouter();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        End rotation
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`End the rotation of ${name}?`}
        confirmLabel="End rotation"
        act={() => removePasswordRotationAction(fabricId, { secretId: id })}
        onDone={() => {
          toast("Rotation ended", { description: name });
          router.refresh();
        }}
        texts={problemTexts}
      >
        The value stays as it is, here and at the server. The administrator’s secret keeps its allowed
        destinations.
      </ConfirmedActDialog>
    </>
  );
}
