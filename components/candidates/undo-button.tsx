"use client";

import { Undo2 } from "lucide-react";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { undoReplacementAction } from "@/lib/candidates/actions";
import type { UndoOffer } from "@/lib/candidates/schema";
import { fail, type Result } from "@/lib/result";

const texts = {
  changed: "Someone has replaced the value meanwhile. Reload the page to see the current version.",
  too_late: "The former value is not kept any more.",
};

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

  async function undo(): Promise<Result<null, string>> {
    const result = await undoReplacementAction(fabricId, { secretId, expectedVersion: version });
    if (!result.ok) return result;
    if ("problem" in result.value) return fail(result.value.problem);
    return { ok: true, value: null };
  }

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
        act={undo}
        onDone={() => toast("Former value is back", { description: `Its connections are checked again.` })}
        texts={texts}
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
