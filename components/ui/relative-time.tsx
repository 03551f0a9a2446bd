"use client";

import { format, formatDistance } from "date-fns";
import { createContext, type ReactNode, use, useSyncExternalStore } from "react";

const tickMs = 30_000;

const PageTime = createContext<number | null>(null);

/**
 * The time at which the server rendered the page. Hydration must render the same words as the server, so
 * both count from this time.
 */
export function PageTimeProvider({ now, children }: { now: number; children: ReactNode }) {
  return <PageTime value={now}>{children}</PageTime>;
}

/**
 * "3 minutes ago" or "just now", or with `span` "for 3 minutes" or "within 3 minutes"; the exact time appears on hover.
 * Until hydration it is in UTC, because the server does not know the time zone.
 */
export function RelativeTime({ date, span }: { date: Date | string | number; span?: "for" | "within" }) {
  const tick = useSyncExternalStore(subscribe, currentTick, serverTick);
  const renderedAt = use(PageTime);
  const moment = new Date(date);
  const iso = moment.toISOString();
  const isOnServer = tick === null;
  return (
    <time dateTime={iso} title={isOnServer ? `${utc(iso)} UTC` : format(moment, "d MMMM yyyy, HH:mm:ss")}>
      {span && `${span} `}
      {words(moment, isOnServer && renderedAt !== null ? renderedAt : Date.now(), span !== undefined)}
    </time>
  );
}

function words(moment: Date, now: number, isSpan: boolean): string {
  const text = formatDistance(moment, now, { addSuffix: !isSpan });
  return text === "less than a minute ago" ? "just now" : text;
}

function utc(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

function subscribe(onTick: () => void): () => void {
  const timer = setInterval(onTick, tickMs);
  return () => clearInterval(timer);
}

function currentTick(): number | null {
  return Math.floor(Date.now() / tickMs);
}

function serverTick(): number | null {
  return null;
}
