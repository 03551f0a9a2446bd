"use client";

import type { ReactNode } from "react";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { Result } from "@/lib/result";

/** A small button in a row, with a `ConfirmedActDialog`. */
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
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        {verb}
        <span className="sr-only"> {name}</span>
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={title}
        confirmLabel={verb}
        tone={tone}
        act={act}
        onDone={() =>
          toast(done.title, done.description === undefined ? {} : { description: done.description })
        }
        texts={texts}
      >
        {children}
      </ConfirmedActDialog>
    </>
  );
}
