"use client";

import { useEffect } from "react";

/** The element of the page that has the focus, or had it before a dialog opened; once it is removed, what stands in its place. */
let place: HTMLElement | null = null;
let isRemoved = false;

/** True when a dialog that closes has nothing to return the focus to: the page then puts it where that was. */
export function isOpenerRemoved(): boolean {
  return isRemoved;
}

/**
 * Keeps a keyboard where it was. An action often removes the button that started it, with its row or its whole section. The
 * browser then moves the focus to the body, and a screen reader begins at the top of the page again.
 */
export function FocusKeeper() {
  useEffect(() => {
    const noteFocus = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement) || target.closest(dialogs)) return;
      place = target.closest("main") ? target : null;
      isRemoved = false;
    };
    // A click on nothing takes the focus off on purpose.
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
      // After whatever else wants to move the focus now, such as a menu that closes.
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

/** The next row of a list, else the one before; else the row or section from which something was removed. */
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
