"use client";

import { undoTexts } from "@/components/candidates/undo";
import { errorText, failureTitle } from "@/components/form/error-texts";
import { useUndoActs } from "@/components/shell/undo-provider";
import { useToast } from "@/components/ui/toast";

/** Tells that a new value is current, and offers to undo that. `onUndone` is called when the former value is back. */
export function useReplacedToast(fabricId: string, secretId: string) {
  const toast = useToast();
  const { undo } = useUndoActs();
  return (
    { version, destinationsKept }: { version: number; destinationsKept: boolean },
    onUndone?: () => void,
  ) => {
    async function undoNow() {
      const result = await undo(fabricId, { secretId, expectedVersion: version }).catch(() => null);
      if (!result?.ok)
        return toast(failureTitle(result?.code, "The value was not brought back"), {
          tone: "danger",
          description: errorText(result?.code ?? "outcome_unknown", undoTexts),
        });
      toast("Former value is back");
      onUndone?.();
    }
    const kept = destinationsKept
      ? ""
      : " No destination is allowed for it yet: someone else entered a part of it, or Automate is not available.";
    toast("Value replaced", {
      description: `Version ${version} is the current one.${kept}`,
      action: { label: "Undo", onAct: () => void undoNow() },
    });
  };
}
