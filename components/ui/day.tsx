"use client";

import { useSyncExternalStore } from "react";

/**
 * "7 December 2026", with the time on hover. Until hydration it is in UTC, because the server does not know the
 * time zone.
 */
export function Day({ date }: { date: Date | string }) {
  const timeZone = useSyncExternalStore(subscribe, localZone, serverZone);
  const moment = new Date(date);
  const day = moment.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone,
  });
  return (
    <time dateTime={moment.toISOString()} title={moment.toLocaleString("en-GB", { timeZone })}>
      {day}
    </time>
  );
}

function subscribe(): () => void {
  return () => {};
}

function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function serverZone(): string {
  return "UTC";
}
