"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** Loads the page's data again and again while it is rendered, and the page can be seen. */
export function RefreshWhile({ everyMs }: { everyMs: number }) {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") router.refresh();
    }, everyMs);
    return () => clearInterval(timer);
  }, [router, everyMs]);
  return null;
}
