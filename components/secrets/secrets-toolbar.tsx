"use client";

import { useUrlFilter } from "@/components/fabrics/use-url-filter";
import { SearchInput } from "@/components/ui/search-input";
import { Select } from "@/components/ui/select";
import { secretKinds, subKinds } from "@/lib/secrets/kinds/registry";
import { type SecretState, secretStates, unusedForDays } from "@/lib/secrets/schema";

const typeOptions = subKinds.map((value) => ({ value, label: secretKinds[value].label }));

const states: Record<SecretState, string> = {
  expiring: "Expiring",
  failing: "Failing",
  new_value: "New value waiting",
  unused: `Unused for ${unusedForDays} days`,
  never_replaced: "Never replaced",
};
/** The order in which a state is most useful: what expires first comes first. */
const orders: Readonly<Record<string, Record<string, string>>> = { expiring: { sort: "expires", order: "" } };
const stateOptions = secretStates.map((value) => ({ value, label: states[value] }));

export function SecretsToolbar() {
  const filter = useUrlFilter();
  return (
    <div className="flex min-w-0 flex-wrap gap-2 max-sm:w-full sm:flex-1" aria-busy={filter.isPending}>
      <SearchInput
        label="Search secrets"
        placeholder="Search by name or description"
        value={filter.typed}
        onValueChange={filter.type}
        className="w-full sm:w-72"
      />
      <Select
        aria-label="Type"
        placeholder="All types"
        options={typeOptions}
        value={filter.value("type")}
        onChange={({ target }) => filter.set({ type: target.value })}
        className="w-full sm:w-52"
      />
      <Select
        aria-label="State"
        placeholder="All states"
        options={stateOptions}
        value={filter.value("state")}
        onChange={({ target }) => filter.set({ state: target.value, ...orders[target.value] })}
        className="w-full sm:w-52"
      />
    </div>
  );
}
