"use client";

import { RotateCw } from "lucide-react";
import { useRouter } from "next/navigation";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useDialog } from "@/components/ui/use-dialog";
import { rotatePasswordAction } from "@/lib/password-rotations/actions";
import type { RotationMethod } from "@/lib/password-rotations/schema";
import { problemTexts } from "@/lib/password-rotations/texts";

const checkedFirst = "Every connection is checked with the new value, and only then it becomes current.";
const confirmations: Readonly<Record<RotationMethod, string>> = {
  own: "The former password stops working at once. Pipelines that hold the former password fail until they read the secret again. The new password becomes current even if connections refuse it.",
  pair: `The user in use keeps its password, and the other user gets a new one. ${checkedFirst}`,
  key_pair: `The key in use keeps working, and the user’s other slot gets a new one. ${checkedFirst}`,
};

export function StartRotationButton({
  fabricId,
  secret: { id, name },
  settings: { method },
  isOff,
  reasonId,
}: {
  fabricId: string;
  secret: { id: string; name: string };
  settings: { method: RotationMethod };
  isOff: boolean;
  /** The element that says why it is off. */
  reasonId?: string | undefined;
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
        disabled={isOff}
        aria-describedby={reasonId}
      >
        Rotate now
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Rotate ${name} now?`}
        confirmLabel="Rotate now"
        tone="primary"
        act={() => rotatePasswordAction(fabricId, { secretId: id })}
        onDone={() => router.refresh()}
        texts={problemTexts}
      >
        {confirmations[method]}
      </ConfirmedActDialog>
    </>
  );
}
