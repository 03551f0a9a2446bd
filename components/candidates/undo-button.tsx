"use client";

import { Undo2 } from "lucide-react";
import { undo, undoTexts } from "@/components/candidates/undo";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { Moment } from "@/components/ui/day";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { UndoOffer } from "@/lib/candidates/schema";

/** Brings back the value before the current one, for all connections and pipelines at once. */
export function UndoButton({
  fabricId,
  secretId,
  undo: { version, formerVersion, enteredByName, isRefused, until },
  connections,
  size = "sm",
}: {
  fabricId: string;
  secretId: string;
  undo: UndoOffer;
  /** How many connections use the secret. */
  connections: number;
  size?: "sm" | "md";
}) {
  const dialog = useDialog();
  const toast = useToast();

  return (
    <>
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button size={size} icon={<Undo2 aria-hidden />} onClick={dialog.open}>
          Go back to version {formerVersion}
        </Button>
        {until && (
          <span className="text-muted text-sm">
            until <Moment date={until} />
          </span>
        )}
      </span>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Go back to version ${formerVersion}?`}
        confirmLabel="Go back"
        tone="primary"
        act={() => undo(fabricId, { secretId, expectedVersion: version })}
        onDone={() =>
          toast(
            "Former value is back",
            connections > 0 ? { description: "Its connections are checked again." } : {},
          )
        }
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
