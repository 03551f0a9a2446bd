"use client";

import { createContext, type RefObject, useContext } from "react";

/** The open dialog that contains a popup, if any. */
export const DialogContainer = createContext<RefObject<HTMLElement | null> | null>(null);

/**
 * The element in which a popup is rendered: its dialog, otherwise main. At the end of body it would be
 * outside every landmark, and hidden from screen readers behind an open dialog.
 */
export function usePortalContainer(): RefObject<HTMLElement | null> {
  const dialog = useContext(DialogContainer);
  return dialog ?? mainElement;
}

const mainElement: RefObject<HTMLElement | null> = {
  get current() {
    return document.getElementById("main");
  },
};
