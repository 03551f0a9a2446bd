"use client";

import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { discardCandidateAction } from "@/lib/candidates/actions";
import { type CandidateDetail, discardTexts } from "@/lib/candidates/schema";

/** Discards a new value, which Automate then deletes. */
export function DiscardButton({
  fabricId,
  candidate: { secretId, candidate, baseVersion },
  onDone,
}: {
  fabricId: string;
  candidate: Pick<CandidateDetail, "secretId" | "candidate" | "baseVersion">;
  onDone?: () => void;
}) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button onClick={dialog.open}>Discard</Button>
      <ConfirmedActDialog
        dialog={dialog}
        title="Discard the new value?"
        confirmLabel="Discard"
        tone="danger"
        texts={discardTexts}
        act={() => discardCandidateAction(fabricId, { secretId, candidate })}
        onDone={() => {
          toast("New value discarded");
          onDone?.();
        }}
      >
        <p>
          Version {baseVersion} stays the current one. The new value is deleted, and must be entered again.
        </p>
      </ConfirmedActDialog>
    </>
  );
}
