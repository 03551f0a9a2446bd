"use client";

import { useRouter } from "next/navigation";
import { startTransition, useEffect } from "react";

const everyMs = 15_000;
/** A page that nobody touches stops refreshing, so that it keeps no session alive. */
const untouchedMs = 10 * 60_000;

/** Refreshes the page's data while somebody looks at it and no dialog is open. Renders nothing. */
export function RefreshWhileVisible() {
  const router = useRouter();
  useEffect(() => {
    let touchedAt = Date.now();
    const touch = () => {
      touchedAt = Date.now();
    };
    const events = ["pointerdown", "pointermove", "keydown", "scroll"] as const;
    for (const event of events) window.addEventListener(event, touch, { passive: true });
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible" || Date.now() - touchedAt > untouchedMs) return;
      if (document.querySelector("[role=dialog], [role=alertdialog]") === null)
        startTransition(() => router.refresh());
    }, everyMs);
    return () => {
      clearInterval(timer);
      for (const event of events) window.removeEventListener(event, touch);
    };
  }, [router]);
  return null;
}
