"use client";

import { createContext, type ReactNode, use } from "react";
import { undo } from "@/components/candidates/undo";
import { restore } from "@/components/trash/restore";

type Acts = { restore: typeof restore; undo: typeof undo };

const UndoActs = createContext<Acts | null>(null);

/**
 * What the buttons of toasts do. A toast stays when its page is left, and a page can call only the server actions that
 * it contains. The layout of all pages renders this, so each of them contains these.
 */
export function UndoProvider({ children }: { children: ReactNode }) {
  return <UndoActs value={acts}>{children}</UndoActs>;
}

const acts: Acts = { restore, undo };

export function useUndoActs(): Acts {
  const given = use(UndoActs);
  if (!given) throw new Error("useUndoActs needs an UndoProvider.");
  return given;
}
