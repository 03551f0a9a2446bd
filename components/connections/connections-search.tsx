"use client";

import { useUrlFilter } from "@/components/fabrics/use-url-filter";
import { SearchInput } from "@/components/ui/search-input";

export function ConnectionsSearch() {
  const filter = useUrlFilter();
  return (
    <SearchInput
      label="Search connections"
      placeholder="Search by name, kind or description"
      value={filter.typed}
      onValueChange={filter.type}
      className="w-full sm:w-80"
    />
  );
}
