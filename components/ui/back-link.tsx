"use client";

import { ArrowLeft } from "lucide-react";
import { type ReactNode, useSyncExternalStore } from "react";
import { Link } from "@/components/ui/link";

/** A link from an object back to its list, as the person left it: with its search, filters and page. */
export function BackLink({ href, children }: { href: string; children: ReactNode }) {
  const target = useSyncExternalStore(
    noChanges,
    () => lastVisit(href),
    () => href,
  );
  return (
    <Link
      href={target}
      className="inline-flex min-h-6 items-center gap-1.5 self-start rounded-sm text-muted text-sm hover:text-ink hover:underline"
    >
      <ArrowLeft aria-hidden className="size-4" />
      {children}
    </Link>
  );
}

/** The address with which this tab last showed the page, by the Navigation API; `href` where a browser has none. */
function lastVisit(href: string): string {
  const { navigation }: Partial<Pick<Window, "navigation">> = window;
  const visits = navigation?.entries().slice(0, navigation.currentEntry?.index) ?? [];
  const last = visits
    .map(({ url }) => new URL(url ?? "", location.href))
    .findLast(({ pathname }) => pathname === href);
  return last ? last.pathname + last.search : href;
}

/** The entries before this page's do not change while it is shown. */
function noChanges() {
  return () => {};
}
