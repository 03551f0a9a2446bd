"use client";

import { format, formatDistance } from "date-fns";
import { useSyncExternalStore } from "react";

const tickMs = 30_000;

/**
 * "3 minutes ago" or "just now", or with `isSpan` "for 3 minutes"; the exact time appears on hover. Server
 * rendering uses UTC, because the server does not know the time zone.
 */
export function RelativeTime({ date, isSpan = false }: { date: Date | string | number; isSpan?: boolean }) {
  const tick = useSyncExternalStore(subscribe, currentTick, serverTick);
  const moment = new Date(date);
  const iso = moment.toISOString();
  const isOnServer = tick === null;
  return (
    <time
      dateTime={iso}
      title={isOnServer ? `${utc(iso)} UTC` : format(moment, "d MMMM yyyy, HH:mm:ss")}
      className="whitespace-nowrap"
    >
      {isSpan && (isOnServer ? "since " : "for ")}
      {isOnServer ? utc(iso) : words(moment, Math.max(Date.now(), tick * tickMs), isSpan)}
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
