"use client";

import { type ReactNode, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import type { Result } from "@/lib/result";

/** A small button whose act is asked about first. */
export function ConfirmedButton({
  label,
  of,
  title,
  done,
  act,
  children,
}: {
  label: string;
  of: string;
  title: string;
  done: string;
  act: () => Promise<Result<unknown, string>>;
  children: ReactNode;
}) {
  const dialog = useDialog();
  const toast = useToast();
  const [error, setError] = useState<string | null>(null);

  async function confirm() {
    const result = await act().catch(() => null);
    if (!result?.ok) return setError(errorText(result?.code ?? "unexpected"));
    dialog.close();
    toast(done, { description: of });
  }

  return (
    <>
      <Button size="sm" onClick={dialog.open} aria-label={`${label} ${of}`}>
        {label}
      </Button>
      <ConfirmDialog
        isOpen={dialog.isOpen}
        onClose={() => {
          dialog.close();
          setError(null);
        }}
        onConfirm={confirm}
        title={title}
        confirmLabel={label}
        tone="danger"
        error={error}
      >
        {children}
      </ConfirmDialog>
    </>
  );
}
