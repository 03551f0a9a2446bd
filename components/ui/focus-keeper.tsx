"use client";

import { useEffect } from "react";

/**
 * The page element that has the focus, or had it before a dialog opened. After its removal, the element that
 * takes its place.
 */
let focusTarget: HTMLElement | null = null;
let isRemoved = false;

/** The element that has the focus, or had it last, anywhere: in a dialog or a message, too. */
let lastFocused: HTMLElement | null = null;

/**
 * True when a closing dialog cannot return the focus because its opener was removed. The page then focuses
 * the replacement.
 */
export function isOpenerRemoved(): boolean {
  return isRemoved;
}

/**
 * Preserves the keyboard focus. An action often removes the button that started it, with its row or section.
 * The browser then moves the focus to the body, and a screen reader restarts at the top of the page. A message that
 * closes, such as one with Undo, leaves the focus there, too.
 */
export function FocusKeeper() {
  useEffect(() => {
    const rememberFocus = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement)) return;
      lastFocused = target;
      if (target.closest(dialogs)) return;
      focusTarget = target.closest("main") ? target : null;
      isRemoved = false;
    };
    // A click on an empty area removes the focus deliberately.
    const forgetFocus = ({ target }: PointerEvent) => {
      if (!(target instanceof Element) || target.closest(dialogs)) return;
      focusTarget = null;
      lastFocused = null;
      isRemoved = false;
    };
    const observer = new MutationObserver((records) => {
      if (focusTarget && !focusTarget.isConnected) {
        focusTarget = replacementOf(focusTarget, records);
        isRemoved = focusTarget !== null;
      }
      // Runs after other code that moves the focus now, such as a closing menu.
      const isLost = isRemoved || lastFocused?.isConnected === false;
      if (isLost && document.activeElement === document.body) setTimeout(restoreFocus);
    });
    document.addEventListener("focusin", rememberFocus);
    document.addEventListener("pointerdown", forgetFocus);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", rememberFocus);
      document.removeEventListener("pointerdown", forgetFocus);
      observer.disconnect();
    };
  }, []);
  return null;
}

const dialogs = "[role=dialog], [role=alertdialog]";
const parts = "li, tr, section[aria-label], section[aria-labelledby], main";

/**
 * The next row of a list, or the previous one; otherwise the row or section that contained the removed
 * element.
 */
function replacementOf(gone: Node, records: readonly MutationRecord[]): HTMLElement | null {
  let removed = gone;
  for (const _ of records) {
    const record = records.find(({ removedNodes }) => [...removedNodes].some((one) => one.contains(removed)));
    if (!record) break;
    for (const sibling of [record.nextSibling, record.previousSibling])
      if (sibling instanceof HTMLElement && sibling.isConnected && sibling.matches("li, tr")) return sibling;
    const { target } = record;
    if (target.isConnected) return target instanceof Element ? target.closest<HTMLElement>(parts) : null;
    removed = target;
  }
  return document.querySelector("main");
}

function restoreFocus(): void {
  if (document.activeElement !== document.body) return;
  focusTarget ??= document.querySelector("main");
  if (!focusTarget) return;
  if (!focusTarget.hasAttribute("tabindex")) {
    focusTarget.tabIndex = -1;
    focusTarget.addEventListener(
      "blur",
      ({ target }) => (target as HTMLElement).removeAttribute("tabindex"),
      {
        once: true,
      },
    );
  }
  focusTarget.focus({ preventScroll: true });
}
