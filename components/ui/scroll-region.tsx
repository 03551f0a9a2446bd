"use client";

import { type ReactNode, useEffect, useRef, useState } from "react";

/** A frame that scrolls sideways, and takes the focus only while there is something to scroll to. */
export function ScrollRegion({ label, children }: { label: string; children: ReactNode }) {
  const frame = useRef<HTMLElement>(null);
  const [isScrollable, setIsScrollable] = useState(false);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setIsScrollable(element.scrollWidth > element.clientWidth + 1));
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  // Relative, so that what is for screen readers alone is clipped with the rest.
  const frameClass = "relative overflow-x-auto md:rounded-lg md:border md:border-line md:bg-surface";
  return (
    <section
      ref={frame}
      aria-label={isScrollable ? `${label}, scrolls sideways` : undefined}
      tabIndex={isScrollable ? 0 : undefined}
      className={frameClass}
    >
      {children}
    </section>
  );
}
