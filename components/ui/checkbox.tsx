"use client";

import { type ComponentProps, type ReactNode, useId } from "react";

export function Checkbox({
  label,
  hint,
  ...props
}: Omit<ComponentProps<"input">, "type"> & { label: string; hint?: ReactNode }) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <input
        {...props}
        id={id}
        type="checkbox"
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="mt-0.5 size-4.5 shrink-0 accent-accent"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="wrap-anywhere block min-h-6 font-medium">
          {label}
        </label>
        {hint && (
          <div id={`${id}-hint`} className="text-muted text-sm">
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}
