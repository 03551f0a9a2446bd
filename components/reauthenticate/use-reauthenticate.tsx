"use client";

import { type ReactNode, useRef } from "react";
import { ReauthenticateDialog } from "@/components/reauthenticate/reauthenticate-dialog";
import { useDialog } from "@/components/ui/use-dialog";
import type { Result } from "@/lib/result";

/**
 * Asks for a recent sign-in when an action requires it, then runs the action again. Render `dialog` inside
 * the dialog that runs the action, and outside its form: a submit in a nested form would submit both.
 */
export function useReauthenticate(): {
  protect: <Args extends unknown[], T, Code extends string>(
    action: (...args: Args) => Promise<Result<T, Code>>,
  ) => (...args: Args) => Promise<Result<T, Code>>;
  /** Asks immediately. Resolves to true when the person has signed in again. */
  ask: () => Promise<boolean>;
  dialog: ReactNode;
} {
  const { isOpen, open, close } = useDialog();
  const answer = useRef<(isConfirmed: boolean) => void>(undefined);

  function ask(): Promise<boolean> {
    open();
    return new Promise((resolve) => {
      answer.current = resolve;
    });
  }

  // The first answer counts: the dialog closes after a confirmation too.
  function finish(isConfirmed: boolean) {
    close();
    answer.current?.(isConfirmed);
  }

  return {
    ask,
    protect:
      (action) =>
      async (...args) => {
        const first = await action(...args);
        if (first.ok || first.code !== "reauthenticate" || !(await ask())) return first;
        return action(...args);
      },
    dialog: (
      <ReauthenticateDialog isOpen={isOpen} onConfirmed={() => finish(true)} onClose={() => finish(false)} />
    ),
  };
}
