"use client";

import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";

type CopyState = "idle" | "copied" | "failed";

const announcements: Record<CopyState, string> = {
  idle: "",
  copied: "Copied",
  failed: "Copying failed. Select the text and copy it manually.",
};

export function CopyButton({
  text,
  label,
  onCopied,
}: {
  text: string;
  label: string;
  onCopied?: () => void;
}) {
  const [state, setState] = useState<CopyState>("idle");

  async function copy() {
    // The clipboard API is missing on plain http, and a browser may deny access.
    const isCopied = await (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(
      () => true,
      () => false,
    );
    setState(isCopied ? "copied" : "failed");
    if (isCopied) onCopied?.();
    setTimeout(() => setState("idle"), 2500);
  }

  return (
    <span className="inline-flex items-center gap-2">
      <Button
        size="sm"
        onClick={copy}
        icon={state === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
      >
        {state === "copied" ? "Copied" : label}
      </Button>
      <span role="status" className={state === "failed" ? "text-danger-text text-sm" : "sr-only"}>
        {announcements[state]}
      </span>
    </span>
  );
}
