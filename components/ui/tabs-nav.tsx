"use client";

import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
import { cx } from "@/components/ui/class-names";
import { Link } from "@/components/ui/link";

type Tab = { href: string; label: string; count?: number; isExact?: boolean };

/** Tabs that are links: each has its own URL. */
export function TabsNav({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const pathname = usePathname();
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = strip.current;
    if (!element) return;
    const observer = new ResizeObserver(() => markCutEdges(element));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <nav
      ref={strip}
      aria-label={label}
      onScroll={({ currentTarget }) => markCutEdges(currentTarget)}
      className="-mx-4 overflow-x-auto px-4 [scrollbar-width:none] data-cut-end:mask-r-from-[calc(100%-3rem)] data-cut-start:mask-l-from-[calc(100%-3rem)] md:mx-0 md:px-0"
    >
      <ul className="flex min-w-max gap-5 border-line border-b md:gap-6">
        {tabs.map((tab) => {
          const isCurrent = pathname === tab.href || (!tab.isExact && pathname.startsWith(`${tab.href}/`));
          return (
            <li key={tab.href}>
              <Link
                ref={isCurrent ? revealTab : undefined}
                href={tab.href}
                aria-current={isCurrent ? "page" : undefined}
                className={cx(
                  "-mb-px -outline-offset-2 flex h-10 items-center gap-1.5 border-b-2 px-0.5 font-medium transition-colors",
                  isCurrent
                    ? "border-accent text-ink"
                    : "border-transparent text-muted hover:border-line-strong hover:text-ink",
                )}
              >
                {tab.label}
                {tab.count !== undefined && (
                  <span className="rounded-full bg-hover px-1.5 text-muted text-xs tabular-nums">
                    {tab.count.toLocaleString("en")}
                  </span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** Marks the edges behind which more tabs are, so that they fade out. */
function markCutEdges(strip: HTMLElement) {
  const left = strip.scrollWidth - strip.clientWidth - strip.scrollLeft;
  strip.toggleAttribute("data-cut-start", strip.scrollLeft > 1);
  strip.toggleAttribute("data-cut-end", left > 1);
}

/**
 * Scrolls the current tab into view on a narrow screen. `scrollIntoView` would also move the starting point
 * of Tab here.
 */
function revealTab(tab: HTMLAnchorElement | null) {
  const strip = tab?.closest("nav");
  if (!tab || !strip) return;
  const [inner, outer] = [tab.getBoundingClientRect(), strip.getBoundingClientRect()];
  strip.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}
