"use client";

import { createContext, useContext, useLayoutEffect } from "react";

/** The question that a dialog asks before it closes. */
export type CloseQuestion = { title: string; text: string; confirmLabel: string; cancelLabel: string };

type DialogGuard = {
  /** Closes the dialog, but asks first if something would be lost. */
  requestClose: () => void;
  /** Closes the dialog without asking. */
  close: () => void;
  setQuestion: (question: CloseQuestion | null) => void;
  /** Replaces the dialog's title and removes its description. */
  setTitle: (title: string | null) => void;
  /** Focuses the first field, for content that appeared after the dialog opened. */
  focusFirstField: () => void;
};

export const DialogGuardContext = createContext<DialogGuard>({
  requestClose: () => {},
  close: () => {},
  setQuestion: () => {},
  setTitle: () => {},
  focusFirstField: () => {},
});

const discardInput: CloseQuestion = {
  title: "Discard what you entered?",
  text: "It is not saved.",
  confirmLabel: "Discard",
  cancelLabel: "Keep editing",
};

/**
 * While `isOn`, the surrounding dialog asks before it closes by Escape, backdrop, X or Cancel. From the same paint
 * on as the content that turns it on or off.
 */
export function useDialogGuard(isOn: boolean, question = discardInput): void {
  const { setQuestion } = useContext(DialogGuardContext);
  useLayoutEffect(() => {
    if (!isOn) return;
    setQuestion(question);
    return () => setQuestion(null);
  }, [isOn, question, setQuestion]);
}

/** The title of the surrounding dialog while this content is shown. */
export function useDialogTitle(title: string): void {
  const { setTitle } = useContext(DialogGuardContext);
  useLayoutEffect(() => {
    setTitle(title);
    return () => setTitle(null);
  }, [title, setTitle]);
}
