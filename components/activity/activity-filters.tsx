"use client";

import { KeyRound, X } from "lucide-react";
import { PeriodFilter } from "@/components/activity/period-filter";
import { useUrlFilter } from "@/components/fabrics/use-url-filter";
import { Button, ButtonLink } from "@/components/ui/button";
import { SearchInput } from "@/components/ui/search-input";
import { Select } from "@/components/ui/select";
import { type ActivityActor, eventKindKeys, eventKinds } from "@/lib/audit/schema";

const kinds = [
  { value: "secret", label: "Secrets" },
  { value: "connection", label: "Connections" },
  { value: "token", label: "Pipeline tokens" },
  { value: "issuer", label: "Trusted issuers" },
  { value: "entry_link", label: "Entry links" },
  { value: "fabric", label: "Fabric" },
];

const groups = [
  { kind: "user", label: "People" },
  { kind: "pipeline", label: "Pipelines" },
  { kind: "system", label: "Selvage" },
  { kind: "token", label: "Access token" },
] as const;

export function ActivityFilters({
  actors,
  object,
  accessHref,
  now,
}: {
  actors: ActivityActor[];
  object: string | null;
  /** Of a secret as the object: the page that says who could use it. */
  accessHref: string | null;
  now: number;
}) {
  const { value, typed, type, set, isPending } = useUrlFilter();
  return (
    <div className="flex flex-wrap items-center gap-3" aria-busy={isPending}>
      <SearchInput
        label="Search by name"
        placeholder="Search names of objects and people"
        className="w-full sm:w-88"
        value={typed}
        onValueChange={type}
      />
      <PeriodFilter
        period={{ from: value("from"), to: value("to") }}
        now={now}
        anyTime="Any time"
        onChange={set}
      />
      <Select
        aria-label="Who"
        className="min-w-36 flex-1 sm:max-w-56"
        value={value("actor")}
        onChange={(event) => set({ actor: event.target.value })}
      >
        <option value="">Everyone</option>
        {groups.map(({ kind, label }) => {
          const members = actors.filter((actor) => actor.kind === kind);
          return (
            members.length > 0 && (
              <optgroup key={kind} label={label}>
                {members.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </optgroup>
            )
          );
        })}
      </Select>
      <Select
        aria-label="Kind of object"
        className="min-w-36 flex-1 sm:max-w-48"
        placeholder="All objects"
        options={kinds}
        value={value("kind")}
        onChange={(event) => set({ kind: event.target.value })}
      />
      <Select
        aria-label="Kind of event"
        className="min-w-36 flex-1 sm:max-w-52"
        placeholder="All events"
        options={eventKindKeys.map((key) => ({ value: key, label: eventKinds[key].label }))}
        value={value("event")}
        onChange={(event) => set({ event: event.target.value })}
      />
      {object && (
        <Button size="sm" icon={<X aria-hidden />} onClick={() => set({ object: "" })}>
          <span className="sr-only">Remove filter: </span>
          <span className="max-w-60 truncate">Only {object}</span>
        </Button>
      )}
      {accessHref && (
        <ButtonLink size="sm" href={accessHref} icon={<KeyRound aria-hidden />}>
          Who could use it?
        </ButtonLink>
      )}
    </div>
  );
}
