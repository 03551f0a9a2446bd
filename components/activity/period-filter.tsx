"use client";

import { useState } from "react";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";

type Period = { from: string; to: string };

/** The period of events, in days of UTC. `now` is the time at which the server rendered the page. */
export function PeriodFilter({
  period,
  now,
  anyTime,
  onChange,
}: {
  period: Period;
  now: number;
  /** The label of no period at all; without it, there is always one. */
  anyTime?: string;
  onChange: (period: Period) => void;
}) {
  const [isChoosing, setChoosing] = useState(false);
  const choices = choicesAt(new Date(now));
  const isSet = period.from !== "" || period.to !== "";
  const chosen = choices.find(({ from, to }) => from === period.from && to === period.to)?.label;
  const isCustom = isChoosing || (isSet && chosen === undefined);
  function choose(label: string) {
    setChoosing(label === custom);
    const choice = choices.find((one) => one.label === label);
    if (label !== custom) onChange({ from: choice?.from ?? "", to: choice?.to ?? "" });
  }
  return (
    <>
      <Select
        aria-label="When"
        className="min-w-36 flex-1 sm:max-w-44"
        value={isCustom ? custom : (chosen ?? "")}
        onChange={({ target }) => choose(target.value)}
      >
        {anyTime && <option value="">{anyTime}</option>}
        {choices.map(({ label }) => (
          <option key={label}>{label}</option>
        ))}
        <option>{custom}</option>
      </Select>
      {isCustom && (
        <div className="flex w-full flex-wrap items-center gap-2 sm:w-auto">
          {(["from", "to"] as const).map((side) => (
            <div key={side} className="flex min-w-56 flex-1 items-center gap-2 text-muted text-sm">
              <span aria-hidden>{side === "from" ? "From" : "To"}</span>
              <Input
                type="date"
                aria-label={side === "from" ? "From" : "To"}
                value={period[side].slice(0, 10)}
                min={side === "to" ? period.from.slice(0, 10) : undefined}
                max={side === "from" ? period.to.slice(0, 10) : undefined}
                onChange={({ target }) => onChange({ ...period, [side]: target.value })}
              />
            </div>
          ))}
          <span className="text-faint text-sm">UTC</span>
        </div>
      )}
    </>
  );
}

const custom = "Other days…";
const dayMs = 86_400_000;

function choicesAt(now: Date): (Period & { label: string })[] {
  const day = (daysAgo: number) => new Date(now.getTime() - daysAgo * dayMs).toISOString().slice(0, 10);
  const months = Array.from({ length: 12 }, (_, ago) => {
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago));
    const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago + 1, 0));
    const label = first.toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
    return { label, from: first.toISOString().slice(0, 10), to: last.toISOString().slice(0, 10) };
  });
  return [
    { label: "Today", from: day(0), to: "" },
    { label: "Last 7 days", from: day(6), to: "" },
    { label: "Last 30 days", from: day(29), to: "" },
    ...months,
  ];
}
