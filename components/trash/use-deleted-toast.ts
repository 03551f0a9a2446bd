"use client";

import { errorText, failureTitle } from "@/components/form/error-texts";
import { useUndoActs } from "@/components/shell/undo-provider";
import { restoreTexts } from "@/components/trash/restore";
import { useToast } from "@/components/ui/toast";
import type { TrashType } from "@/lib/trash/schema";

const nouns = { secret: "Secret", connection: "Connection" } as const;

/** Says for how long something can be restored after its deletion. */
export function restorableText(trashDays: number): string {
  if (trashDays === 0) return "This cannot be undone.";
  return `You can restore it from the trash for ${trashDays === 1 ? "one day" : `${trashDays} days`}.`;
}

/** Tells that something was deleted, and offers to undo that. It works after the page has changed, too. */
export function useDeletedToast(fabricId: string) {
  const toast = useToast();
  const { restore } = useUndoActs();
  return (item: { type: TrashType; id: string; name: string }, { trashDays }: { trashDays: number }) => {
    const noun = nouns[item.type];
    async function undo() {
      const result = await restore(fabricId, item).catch(() => null);
      if (result?.ok) toast(`${noun} restored`, { description: item.name });
      else
        toast(failureTitle(result?.code, `The ${item.type} was not restored`), {
          tone: "danger",
          description: errorText(result?.code ?? "outcome_unknown", {
            ...restoreTexts(result),
            name_taken: "Its name is taken now. Restore it in Trash, under another name.",
          }),
        });
    }
    toast(`${noun} deleted`, {
      description: item.name,
      ...(trashDays > 0 ? { action: { label: "Undo", onAct: () => void undo() } } : {}),
    });
  };
}
