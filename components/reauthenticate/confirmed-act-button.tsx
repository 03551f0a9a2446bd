"use client";

import { type ReactNode, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { Result } from "@/lib/result";

/** A small button in a row. Asks for confirmation, and for a recent sign-in if the action requires one. */
export function ConfirmedActButton<Code extends string>({
  verb,
  name,
  title,
  act,
  done,
  texts,
  tone = "danger",
  children,
}: {
  verb: string;
  /** The name of the row's object, which screen readers announce after the verb. */
  name: string;
  title: string;
  act: () => Promise<Result<unknown, Code>>;
  /** The toast's text. */
  done: { title: string; description?: string };
  /** Sentences for codes that have a special meaning here. */
  texts?: Readonly<Record<string, string>>;
  tone?: "primary" | "danger";
  children: ReactNode;
}) {
  const confirm = useDialog();
  const toast = useToast();
  const reauthenticate = useReauthenticate();
  const [error, setError] = useState<string | null>(null);

  async function run() {
    setError(null);
    const result = await reauthenticate
      .protect(act)()
      .catch(() => null);
    if (!result) return setError(errorText("outcome_unknown"));
    if (result.ok) {
      confirm.close();
      toast(done.title, done.description === undefined ? {} : { description: done.description });
    } else if (result.code !== "reauthenticate") setError(errorText(result.code, texts));
  }

  return (
    <>
      <Button
        size="sm"
        onClick={() => {
          setError(null);
          confirm.open();
        }}
      >
        {verb}
        <span className="sr-only"> {name}</span>
      </Button>
      <ConfirmDialog
        isOpen={confirm.isOpen}
        onClose={confirm.close}
        onConfirm={run}
        title={title}
        confirmLabel={verb}
        tone={tone}
        error={error}
      >
        {children}
        {reauthenticate.dialog}
      </ConfirmDialog>
    </>
  );
}
