"use client";

import { useEffect } from "react";

/**
 * The page element that has the focus, or had it before a dialog opened. After its removal, the element that
 * takes its place.
 */
let place: HTMLElement | null = null;
let isRemoved = false;

/**
 * True when a closing dialog cannot return the focus because its opener was removed. The page then focuses
 * the replacement.
 */
export function isOpenerRemoved(): boolean {
  return isRemoved;
}

/**
 * Preserves the keyboard focus. An action often removes the button that started it, with its row or section.
 * The browser then moves the focus to the body, and a screen reader restarts at the top of the page.
 */
export function FocusKeeper() {
  useEffect(() => {
    const noteFocus = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement) || target.closest(dialogs)) return;
      place = target.closest("main") ? target : null;
      isRemoved = false;
    };
    // A click on an empty area removes the focus deliberately.
    const notePointer = ({ target }: PointerEvent) => {
      if (!(target instanceof Element) || target.closest(dialogs)) return;
      place = null;
      isRemoved = false;
    };
    const observer = new MutationObserver((records) => {
      if (place && !place.isConnected) {
        place = heirOf(place, records);
        isRemoved = place !== null;
      }
      // Runs after other code that moves the focus now, such as a closing menu.
      if (isRemoved && document.activeElement === document.body) setTimeout(focusPlace);
    });
    document.addEventListener("focusin", noteFocus);
    document.addEventListener("pointerdown", notePointer);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", noteFocus);
      document.removeEventListener("pointerdown", notePointer);
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
function heirOf(gone: Node, records: readonly MutationRecord[]): HTMLElement | null {
  let removed = gone;
  for (const _ of records) {
    const record = records.find(({ removedNodes }) => [...removedNodes].some((one) => one.contains(removed)));
    if (!record) break;
    for (const beside of [record.nextSibling, record.previousSibling])
      if (beside instanceof HTMLElement && beside.isConnected && beside.matches("li, tr")) return beside;
    const { target } = record;
    if (target.isConnected) return target instanceof Element ? target.closest<HTMLElement>(parts) : null;
    removed = target;
  }
  return document.querySelector("main");
}

function focusPlace(): void {
  if (!place || document.activeElement !== document.body) return;
  if (!place.hasAttribute("tabindex")) {
    place.tabIndex = -1;
    place.addEventListener("blur", ({ target }) => (target as HTMLElement).removeAttribute("tabindex"), {
      once: true,
    });
  }
  place.focus({ preventScroll: true });
}
