"use client";

import type { ComponentProps } from "react";
import { cx } from "@/components/ui/class-names";
import { useFieldControl } from "@/components/ui/field-context";

export function Textarea({ className, rows = 3, ...props }: ComponentProps<"textarea">) {
  const field = useFieldControl();
  return (
    <textarea
      rows={rows}
      {...field}
      {...props}
      className={cx("control block min-h-9 resize-y px-3 py-2", className)}
    />
  );
}
