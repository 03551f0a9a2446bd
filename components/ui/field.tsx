"use client";

import { CircleAlert } from "lucide-react";
import { type ReactNode, useId, useMemo } from "react";
import { FieldContext, type FieldControl } from "@/components/ui/field-context";

export function Field({
  label,
  hint,
  error,
  isRequired = false,
  hideOptional = false,
  action,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  isRequired?: boolean;
  hideOptional?: boolean;
  action?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  const described = [error ? `${id}-error` : null, hint ? `${id}-hint` : null].filter(Boolean).join(" ");
  const isInvalid = Boolean(error);
  const context = useMemo(() => {
    const control: FieldControl = { id };
    if (described) control["aria-describedby"] = described;
    if (isInvalid) control["aria-invalid"] = true;
    if (isRequired) control["aria-required"] = true;
    return { control, label };
  }, [id, described, isInvalid, isRequired, label]);

  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div className="flex min-h-6 items-center justify-between gap-3">
        <div className="flex items-baseline gap-2">
          <label htmlFor={id} id={`${id}-label`} className="font-medium">
            {label}
          </label>
          {!isRequired && !hideOptional && <span className="text-faint text-xs">Optional</span>}
        </div>
        {action}
      </div>
      <FieldContext value={context}>{children}</FieldContext>
      {error && (
        <p id={`${id}-error`} className="flex items-start gap-1.5 text-danger-text text-sm">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span className="min-w-0 break-words">{error}</span>
        </p>
      )}
      {hint && (
        <div id={`${id}-hint`} className="text-muted text-sm">
          {hint}
        </div>
      )}
    </div>
  );
}
