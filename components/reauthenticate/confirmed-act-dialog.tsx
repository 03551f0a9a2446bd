"use client";

import { type ReactNode, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import type { DialogSize } from "@/components/ui/dialog-style";
import type { Result } from "@/lib/result";

/** Asks for confirmation of an action, and for a recent sign-in if the action requires one. Shows its error. */
export function ConfirmedActDialog<Code extends string>({
  dialog: { isOpen, close },
  act,
  onDone,
  texts,
  children,
  ...labels
}: {
  dialog: { isOpen: boolean; close: () => void };
  title: string;
  confirmLabel: string;
  tone?: "primary" | "danger";
  size?: DialogSize;
  /** The name that the person must type before they can confirm. */
  typedName?: string | undefined;
  isWaiting?: boolean;
  act: () => Promise<Result<unknown, Code>>;
  onDone: () => void;
  /** Sentences for codes that have a special meaning here. */
  texts?: Readonly<Record<string, string>> | undefined;
  children: ReactNode;
}) {
  const reauthenticate = useReauthenticate();
  const [error, setError] = useState<string | null>(null);

  function closeAndForget() {
    setError(null);
    close();
  }

  async function run() {
    setError(null);
    const result = await reauthenticate
      .protect(act)()
      .catch(() => null);
    if (!result) return setError(errorText("outcome_unknown"));
    if (result.ok) {
      close();
      onDone();
    } else if (result.code !== "reauthenticate")
      setError(result.fieldErrors?.root ?? errorText(result.code, texts));
  }

  return (
    <ConfirmDialog isOpen={isOpen} onClose={closeAndForget} onConfirm={run} error={error} {...labels}>
      {children}
      {reauthenticate.dialog}
    </ConfirmDialog>
  );
}
