"use client";

import { useUrlFilter } from "@/components/fabrics/use-url-filter";
import { SearchInput } from "@/components/ui/search-input";
import { Select } from "@/components/ui/select";
import type { TrashType } from "@/lib/trash/schema";

const typeOptions: { value: TrashType; label: string }[] = [
  { value: "secret", label: "Secrets" },
  { value: "connection", label: "Connections" },
];

export function TrashToolbar() {
  const filter = useUrlFilter();
  return (
    <div className="flex min-w-0 flex-wrap gap-2" aria-busy={filter.isPending}>
      <SearchInput
        label="Search the trash"
        placeholder="Search by name"
        value={filter.typed}
        onValueChange={filter.type}
        className="w-full sm:w-72"
      />
      <Select
        aria-label="Secrets or connections"
        placeholder="Secrets and connections"
        options={typeOptions}
        value={filter.value("type")}
        onChange={({ target }) => filter.set({ type: target.value })}
        className="w-full sm:w-60"
      />
    </div>
  );
}
