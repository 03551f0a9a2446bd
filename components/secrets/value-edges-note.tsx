"use client";

import { type FormEvent, type ReactNode, useState } from "react";
import { edgesOf, withoutEdges } from "@/components/secrets/value-edges";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";

/** Says below a field that its value has spaces or line breaks around it, and removes them. */
export function ValueEdgesNote({
  text,
  onRemove,
  children,
}: {
  text: string;
  onRemove: (inner: string) => void;
  children: ReactNode;
}) {
  const [isTyping, setIsTyping] = useState(false);
  const words = edgesOf(text);
  // A person who types several words ends each but the last with a space.
  const isBetweenWords = isTyping && words === "ends with a space";
  const inner = withoutEdges(text);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only observes the field inside
    <div
      className="flex flex-col gap-2"
      onInput={({ nativeEvent }: FormEvent) =>
        setIsTyping(nativeEvent instanceof InputEvent && nativeEvent.inputType === "insertText")
      }
      onBlur={() => setIsTyping(false)}
    >
      {children}
      <div role="status" className="empty:hidden">
        {words !== null && !isBetweenWords && (
          <Banner
            tone="warning"
            action={
              inner !== "" && (
                <Button size="sm" onClick={() => onRemove(inner)}>
                  Remove
                </Button>
              )
            }
          >
            This value {words}.{" "}
            {inner !== "" && "It is stored exactly like that, and a server may refuse it."}
          </Banner>
        )}
      </div>
    </div>
  );
}
