"use client";

import { Undo2 } from "lucide-react";
import { undo, undoTexts } from "@/components/candidates/undo";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { UndoOffer } from "@/lib/candidates/schema";

/** Brings back the value before the current one, for all connections and pipelines at once. */
export function UndoButton({
  fabricId,
  secretId,
  undo: { version, formerVersion, enteredByName, isRefused },
  size = "sm",
}: {
  fabricId: string;
  secretId: string;
  undo: UndoOffer;
  size?: "sm" | "md";
}) {
  const dialog = useDialog();
  const toast = useToast();

  return (
    <>
      <Button size={size} icon={<Undo2 aria-hidden />} onClick={dialog.open}>
        Undo
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Go back to version ${formerVersion}?`}
        confirmLabel="Go back"
        tone="primary"
        act={() => undo(fabricId, { secretId, expectedVersion: version })}
        onDone={() => toast("Former value is back", { description: `Its connections are checked again.` })}
        texts={undoTexts}
      >
        <p>
          All connections and pipelines get the value that {enteredByName} entered for version {formerVersion}{" "}
          again, as a new version. You can undo that, too.
        </p>
        {isRefused && (
          <p className="mt-2">
            Selvage set the current password at the server, so the server refuses the former one. Go back only
            after an administrator of the server has set the former one again.
          </p>
        )}
      </ConfirmedActDialog>
    </>
  );
}
