"use client";

import { useContext, useState } from "react";
import {
  type CloseQuestion,
  DialogGuardContext,
  useDialogGuard,
  useDialogTitle,
} from "@/components/ui/dialog-guard";

/**
 * For a dialog that shows a value once. Its title says what was made. Escape, the backdrop and X ask before they
 * lose a value that nobody copied; `done` closes without asking.
 */
export function useShownOnce(title: string, question: CloseQuestion) {
  const { close } = useContext(DialogGuardContext);
  const [isCopied, setIsCopied] = useState(false);
  useDialogTitle(title);
  useDialogGuard(!isCopied, question);
  return { onCopied: () => setIsCopied(true), done: close };
}
