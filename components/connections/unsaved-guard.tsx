"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";

/** Asks before unsaved input is lost: the browser when the page is closed or reloaded, a dialog when a link is followed. */
export function UnsavedGuard({ isUnsaved }: { isUnsaved: boolean }) {
  const router = useRouter();
  const [target, setTarget] = useState<string | null>(null);

  useEffect(() => {
    if (!isUnsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    const hold = (event: MouseEvent) => {
      const href = pageBehind(event);
      if (href === null) return;
      event.preventDefault();
      event.stopPropagation();
      setTarget(href);
    };
    window.addEventListener("beforeunload", ask);
    // Before React sees the click, and with it the router's links.
    window.addEventListener("click", hold, { capture: true });
    return () => {
      window.removeEventListener("beforeunload", ask);
      window.removeEventListener("click", hold, { capture: true });
    };
  }, [isUnsaved]);

  return (
    <ConfirmDialog
      isOpen={target !== null}
      onClose={() => setTarget(null)}
      onConfirm={() => {
        setTarget(null);
        if (target !== null) router.push(target);
      }}
      title="Leave without saving?"
      confirmLabel="Leave"
      cancelLabel="Keep editing"
      tone="danger"
    >
      What you changed in this connection has not been saved.
    </ConfirmDialog>
  );
}

/** The other page of ours that this click leads to in this tab, or null. */
function pageBehind(event: MouseEvent): string | null {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link?.href || link.target === "_blank" || link.origin !== location.origin) return null;
  const href = link.pathname + link.search;
  return href === location.pathname + location.search ? null : href + link.hash;
}
