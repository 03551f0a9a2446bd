"use client";

import { RotateCw } from "lucide-react";
import { useRouter } from "next/navigation";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useDialog } from "@/components/ui/use-dialog";
import { rotatePasswordAction } from "@/lib/rotations/actions";
import type { RotationMethod } from "@/lib/rotations/schema";
import { problemTexts } from "@/lib/rotations/texts";

export function StartRotationButton({
  fabricId,
  secret: { id, name },
  settings: { method },
  isRunning,
}: {
  fabricId: string;
  secret: { id: string; name: string };
  settings: { method: RotationMethod };
  isRunning: boolean;
}) {
  const dialog = useDialog();
  const router = useRouter();
  return (
    <>
      <Button
        size="sm"
        variant="primary"
        icon={<RotateCw aria-hidden />}
        onClick={dialog.open}
        disabled={isRunning}
      >
        Rotate now
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Rotate the password of ${name} now?`}
        confirmLabel="Rotate now"
        tone="primary"
        act={() => rotatePasswordAction(fabricId, { secretId: id })}
        onDone={() => router.refresh()}
        texts={problemTexts}
      >
        {method === "own"
          ? "The former password stops working at once. Pipelines that have read it before get an error until they read it again. The new one becomes current within seconds, whichever connection refuses it."
          : "The user in use keeps its password. The other user gets a new one, every connection is checked with it, and only then it becomes current."}
      </ConfirmedActDialog>
    </>
  );
}
