"use client";

import { PeriodFilter } from "@/components/activity/period-filter";
import { useUrlFilter } from "@/components/fabrics/use-url-filter";

/** The period of "Who could use it", stored in the URL. */
export function AccessPeriod({ from, to, now }: { from: string; to: string; now: number }) {
  const { set } = useUrlFilter();
  return <PeriodFilter period={{ from, to }} now={now} onChange={set} />;
}
