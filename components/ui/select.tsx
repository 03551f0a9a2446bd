"use client";

import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { cx } from "@/components/ui/class-names";
import { useFieldControl } from "@/components/ui/field-context";

/** The browser's native select, which keyboards, phones and screen readers support. */
export function Select({
  options,
  placeholder,
  className,
  children,
  ...props
}: ComponentProps<"select"> & {
  options?: readonly { value: string; label: string }[];
  placeholder?: string;
}) {
  const field = useFieldControl();
  return (
    <div className={cx("relative", className)}>
      <select {...field} {...props} className="control h-9 appearance-none truncate pr-9 pl-3">
        {placeholder !== undefined && <option value="">{placeholder}</option>}
        {options?.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        {children}
      </select>
      <ChevronDown
        aria-hidden
        className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-3 size-4 text-muted"
      />
    </div>
  );
}
