"use client";

import { createContext, useContext, useEffect } from "react";

type DialogGuard = {
  /** Closes the dialog, but asks first if its input would be lost. */
  requestClose: () => void;
  /** Closes the dialog without asking, for input that was saved. */
  close: () => void;
  setIsDirty: (isDirty: boolean) => void;
};

export const DialogGuardContext = createContext<DialogGuard>({
  requestClose: () => {},
  close: () => {},
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
