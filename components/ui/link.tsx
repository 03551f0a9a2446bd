"use client";

import NextLink, { useLinkStatus } from "next/link";
import type { ComponentProps } from "react";

/**
 * A link that shows at once, at the top of the window, that its page is on the way.
 *
 * It fetches nothing ahead: every page depends on the session and is fetched on a click anyway, and a list has
 * some thirty links.
 */
export function Link({ children, ...props }: ComponentProps<typeof NextLink>) {
  return (
    <NextLink prefetch={false} {...props}>
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
