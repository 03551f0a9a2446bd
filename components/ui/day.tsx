"use client";

import { useSyncExternalStore } from "react";

/**
 * "7 December 2026", with the time on hover. Until hydration it is in UTC, because the server does not know the
 * time zone. `timeZone` is for a day that is the same everywhere.
 */
export function Day({ date, timeZone: givenZone }: { date: Date | string; timeZone?: string }) {
  const localTimeZone = useSyncExternalStore(subscribe, localZone, serverZone);
  const timeZone = givenZone ?? localTimeZone;
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
