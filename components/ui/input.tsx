"use client";

import type { ComponentProps } from "react";
import { cx } from "@/components/ui/class-names";
import { useFieldControl } from "@/components/ui/field-context";

export function Input({ className, ...props }: ComponentProps<"input">) {
  const field = useFieldControl();
  return <input autoComplete="off" {...field} {...props} className={cx("control h-9 px-3", className)} />;
}
