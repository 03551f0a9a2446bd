"use client";

import NextLink, { useLinkStatus } from "next/link";
import type { ComponentProps } from "react";

/** A link that shows at once, at the top of the window, that its page is on the way. */
export function Link({ children, ...props }: ComponentProps<typeof NextLink>) {
  return (
    <NextLink {...props}>
      {children}
      <NavigationBar />
    </NextLink>
  );
}

/** Fixed, so that nothing on the page moves. */
function NavigationBar() {
  const { pending } = useLinkStatus();
  if (!pending) return null;
  return (
    <span
      aria-hidden
      data-navigation
      className="pointer-events-none fixed inset-x-0 top-0 z-70 h-0.75 overflow-hidden bg-accent-soft"
    >
      <span className="block h-full w-1/3 animate-travel bg-accent motion-reduce:w-full motion-reduce:animate-none" />
    </span>
  );
}
