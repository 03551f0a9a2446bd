"use client";

import { createContext, type ReactNode, use } from "react";
import { undo } from "@/components/candidates/undo";
import { restore } from "@/components/trash/restore";

type Acts = { restore: typeof restore; undo: typeof undo };

const UndoActs = createContext<Acts | null>(null);

/**
 * Gives toasts the server actions of their buttons. A toast stays when the person leaves its page, but a page can call
 * only the actions that it contains. The layout of all pages renders this provider, so each page contains these.
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
