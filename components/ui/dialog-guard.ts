"use client";

import { createContext, useContext, useEffect } from "react";

type DialogGuard = { requestClose: () => void; setIsDirty: (isDirty: boolean) => void };

export const DialogGuardContext = createContext<DialogGuard>({
  requestClose: () => {},
  setIsDirty: () => {},
});

/** While `isDirty`, the surrounding dialog asks before it closes by Escape, backdrop, X or Cancel. */
export function useDialogGuard(isDirty: boolean): void {
  const { setIsDirty } = useContext(DialogGuardContext);
  useEffect(() => {
    setIsDirty(isDirty);
    return () => setIsDirty(false);
  }, [isDirty, setIsDirty]);
}
