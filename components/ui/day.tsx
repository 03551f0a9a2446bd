"use client";

import { useSyncExternalStore } from "react";

/**
 * "7 December 2026", with the time on hover. Until hydration it is in UTC, because the server does not know the
 * time zone. `timeZone` is for a day that is the same everywhere.
 */
export function Day({ date, timeZone: givenZone }: { date: Date | string; timeZone?: string }) {
  const localTimeZone = useLocalTimeZone();
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

/** "2 Dec, 03:38", for a moment that is less than a year away. Until hydration it is in UTC. */
export function Moment({ date }: { date: Date | string }) {
  const timeZone = useLocalTimeZone();
  const moment = new Date(date);
  const shown = moment.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
  });
  return (
    <time dateTime={moment.toISOString()} title={moment.toLocaleString("en-GB", { timeZone })}>
      {shown}
    </time>
  );
}

/** UTC until hydration. */
function useLocalTimeZone(): string {
  return useSyncExternalStore(subscribe, localZone, serverZone);
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
