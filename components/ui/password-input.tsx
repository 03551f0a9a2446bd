"use client";

import { type ComponentProps, useState } from "react";
import { cx } from "@/components/ui/class-names";
import { useFieldControl } from "@/components/ui/field-context";
import { RevealButton } from "@/components/ui/reveal-button";
import { secretAttributes } from "@/components/ui/secret-attributes";

/** A masked line. Password managers may fill it only if it has an `autoComplete`, as on sign-in. */
export function PasswordInput({ className, autoComplete, ...props }: Omit<ComponentProps<"input">, "type">) {
  const field = useFieldControl();
  const [isShown, setIsShown] = useState(false);
  const guarded = autoComplete ? { autoComplete, spellCheck: false } : secretAttributes;
  return (
    <div className={cx("relative", className)}>
      <input
        {...field}
        {...guarded}
        {...props}
        type={isShown ? "text" : "password"}
        className={cx("control h-9 pr-20 pl-3", isShown && "font-mono")}
      />
      <div className="-translate-y-1/2 absolute top-1/2 right-1">
        <RevealButton isShown={isShown} onToggle={() => setIsShown(!isShown)} controls={field.id} />
      </div>
    </div>
  );
}
