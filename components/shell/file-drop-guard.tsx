"use client";

import { useEffect } from "react";

/**
 * Refuses files that are dropped beside a drop zone. The browser would open them in a tab, a private key in clear
 * view.
 */
export function FileDropGuard() {
  useEffect(() => {
    const refuse = (event: DragEvent) => {
      // A zone that takes files has prevented the default already.
      if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    };
    window.addEventListener("dragover", refuse);
    window.addEventListener("drop", refuse);
    return () => {
      window.removeEventListener("dragover", refuse);
      window.removeEventListener("drop", refuse);
    };
  }, []);
  return null;
}
