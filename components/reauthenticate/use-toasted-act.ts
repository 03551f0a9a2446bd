"use client";

import { type ReactNode, useState } from "react";
import { errorText, failureTitle } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { useToast } from "@/components/ui/toast";
import type { Result } from "@/lib/result";

type ToastTexts = {
  /** The toast's title on success. */
  done: string;
  description?: string;
  /** The toast's title when the action certainly failed. */
  failed: string;
  /** Sentences for codes that have a special meaning here. */
  texts?: Readonly<Record<string, string>>;
};

/**
 * Runs a one-click action. Asks for a recent sign-in if the action requires one, and shows the outcome in a
 * toast. `run` returns whether it succeeded. Render `dialog` next to the control.
 */
export function useToastedAct(): {
  run: <T, Code extends string>(act: () => Promise<Result<T, Code>>, texts: ToastTexts) => Promise<boolean>;
  isPending: boolean;
  dialog: ReactNode;
} {
  const toast = useToast();
  const { protect, dialog } = useReauthenticate();
  const [isPending, setIsPending] = useState(false);
  return {
    isPending,
    dialog,
    async run(act, { done, description, failed, texts }) {
      setIsPending(true);
      const result = await protect(act)().catch(() => null);
      setIsPending(false);
      if (result?.ok) toast(done, description === undefined ? {} : { description });
      else if (result?.code !== "reauthenticate")
        toast(failureTitle(result?.code, failed), {
          tone: "danger",
          description: errorText(result?.code ?? "outcome_unknown", texts),
        });
      return result?.ok === true;
    },
  };
}
