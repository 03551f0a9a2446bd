"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";

/** The frame of a new value, above the other parts of a secret's page. With `takesFocus`, its title gets the focus. */
export function NewValueSection({
  title,
  takesFocus = false,
  children,
}: {
  title: string;
  takesFocus?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const isAsked = useRef(takesFocus);
  useEffect(() => {
    if (!isAsked.current) return;
    isAsked.current = false;
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <section aria-labelledby={id} className="rounded-lg border border-accent bg-surface">
      <h3
        ref={heading}
        id={id}
        tabIndex={-1}
        className="scroll-mt-6 border-line border-b px-4 py-2.5 font-semibold outline-none"
      >
        {title}
      </h3>
      <div className="flex flex-col gap-4 px-4 py-3">{children}</div>
    </section>
  );
}
