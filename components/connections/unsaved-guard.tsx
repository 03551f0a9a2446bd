"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";

/** The target of the navigation: another page, or a history entry by its key. */
type Target = { href: string } | { key: string };

/**
 * Asks before unsaved input is lost. The browser asks when the page is closed or reloaded. A dialog asks when
 * a link is followed, and on Back where the browser allows it.
 */
export function UnsavedGuard({ isUnsaved }: { isUnsaved: boolean }) {
  const router = useRouter();
  const [target, setTarget] = useState<Target | null>(null);
  const isLeaving = useRef(false);

  useEffect(() => {
    if (!isUnsaved) return;
    const stop = new AbortController();
    const { signal } = stop;
    window.addEventListener("beforeunload", (event) => event.preventDefault(), { signal });
    const interceptClick = (event: MouseEvent) => {
      const href = pageBehind(event);
      if (href === null) return;
      event.preventDefault();
      event.stopPropagation();
      setTarget({ href });
    };
    // In the capture phase, before React and the router's links handle the click.
    window.addEventListener("click", interceptClick, { capture: true, signal });
    const interceptBack = (event: NavigateEvent) => {
      if (event.navigationType !== "traverse" || !event.cancelable || isLeaving.current) return;
      event.preventDefault();
      setTarget({ key: event.destination.key });
    };
    historyOf(window)?.addEventListener("navigate", interceptBack, { signal });
    return () => stop.abort();
  }, [isUnsaved]);

  return (
    <ConfirmDialog
      isOpen={target !== null}
      onClose={() => setTarget(null)}
      onConfirm={() => {
        setTarget(null);
        isLeaving.current = true;
        if (target && "href" in target) router.push(target.href);
        else if (target) historyOf(window)?.traverseTo(target.key);
      }}
      title="Leave without saving?"
      confirmLabel="Leave"
      cancelLabel="Keep editing"
      tone="danger"
    >
      Your changes to this connection are not saved.
    </ConfirmDialog>
  );
}

/** The Navigation API, which not every browser supports. */
function historyOf(page: Partial<Pick<Window, "navigation">>): Navigation | undefined {
  return page.navigation;
}

/** The page of this app to which the click leads in this tab, or null. */
function pageBehind(event: MouseEvent): string | null {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link?.href || link.target === "_blank" || link.origin !== location.origin) return null;
  const href = link.pathname + link.search;
  return href === location.pathname + location.search ? null : href + link.hash;
}
