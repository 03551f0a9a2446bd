"use client";

import { Eye, EyeOff } from "lucide-react";
import { useFieldLabel } from "@/components/ui/field-context";

export function RevealButton({
  isShown,
  onToggle,
  controls,
}: {
  isShown: boolean;
  onToggle: () => void;
  controls?: string | undefined;
}) {
  const label = useFieldLabel().toLowerCase() || "value";
  const Icon = isShown ? EyeOff : Eye;
  return (
    <button
      type="button"
      onClick={onToggle}
      aria-controls={controls}
      aria-label={`${isShown ? "Hide" : "Show"} ${label}`}
      className="inline-flex h-7 items-center gap-1.5 rounded-sm bg-surface px-2 font-medium text-muted text-xs hover:bg-hover hover:text-ink"
    >
      <Icon aria-hidden className="size-4" />
      {isShown ? "Hide" : "Show"}
    </button>
  );
}
