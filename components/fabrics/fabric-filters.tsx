"use client";

import { useUrlFilter } from "@/components/fabrics/use-url-filter";
import { SearchInput } from "@/components/ui/search-input";
import { Select } from "@/components/ui/select";
import { type FabricTeam, providerKeys, providers } from "@/lib/fabrics/schema";

export function FabricFilters({ teams }: { teams: FabricTeam[] }) {
  const { value, typed, set, type } = useUrlFilter();
  return (
    <div className="flex flex-wrap gap-3">
      <div className="w-full sm:w-72">
        <SearchInput label="Search fabrics" value={typed} onValueChange={type} placeholder="Search fabrics" />
      </div>
      <Select
        aria-label="Provider"
        className="min-w-40 flex-1 sm:max-w-52"
        placeholder="All providers"
        options={providerKeys.map((key) => ({ value: key, label: providers[key] }))}
        value={value("provider")}
        onChange={(event) => set({ provider: event.target.value })}
      />
      {teams.length > 1 && (
        <Select
          aria-label="Team"
          className="min-w-40 flex-1 sm:max-w-60"
          placeholder="All teams"
          options={teams.map(({ id, name }) => ({ value: id, label: name }))}
          value={value("team")}
          onChange={(event) => set({ team: event.target.value })}
        />
      )}
    </div>
  );
}
