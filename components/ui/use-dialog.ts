"use client";

import { useState } from "react";

/** Whether a dialog is open, with functions to open and close it. */
export function useDialog(): { isOpen: boolean; open: () => void; close: () => void } {
  const [isOpen, setIsOpen] = useState(false);
  return { isOpen, open: () => setIsOpen(true), close: () => setIsOpen(false) };
}
