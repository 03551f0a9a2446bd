"use client";

import { type ReactNode, useEffect, useRef, useState } from "react";

/** A frame that scrolls sideways. It is focusable only while its content overflows. */
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

  // `relative`, so that text for screen readers only is clipped as well.
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
