"use client";

import { type ComponentProps, useState } from "react";
import { cx } from "@/components/ui/class-names";
import { useFieldControl } from "@/components/ui/field-context";
import { RevealButton } from "@/components/ui/reveal-button";
import { secretAttributes } from "@/components/ui/secret-attributes";

/** Several masked lines. A password input would drop the line ends, so CSS masks the text. */
export function SecretTextarea({ className, rows = 4, ...props }: ComponentProps<"textarea">) {
  const field = useFieldControl();
  const [isShown, setIsShown] = useState(false);
  return (
    <div className={cx("relative", className)}>
      <textarea
        rows={rows}
        {...field}
        {...secretAttributes}
        {...props}
        className={cx(
          "control block min-h-20 resize-y py-2 pr-20 pl-3 font-mono",
          !isShown && "[-webkit-text-security:disc]",
        )}
      />
      <div className="absolute top-1 right-1">
        <RevealButton isShown={isShown} onToggle={() => setIsShown(!isShown)} controls={field.id} />
      </div>
    </div>
  );
}
