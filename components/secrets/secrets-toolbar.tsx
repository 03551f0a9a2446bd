"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState, useTransition } from "react";
import { secretListHref } from "@/components/secrets/secret-list-href";
import { SearchInput } from "@/components/ui/search-input";
import { Select } from "@/components/ui/select";
import { isSubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";
import type { SecretListQuery } from "@/lib/secrets/schema";

const typeOptions = subKinds.map((value) => ({ value, label: secretKinds[value].label }));
const debounceMs = 250;

/** Search and filter. The URL holds their state; the input runs ahead of it while a person types. */
export function SecretsToolbar({ query }: { query: SecretListQuery }) {
  const router = useRouter();
  const [isPending, startTransition] = useTransition();
  const [search, setSearch] = useState(query.search);
  const [expected, setExpected] = useState(query.search);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  // The URL was changed by something else: Clear, Back, a link.
  if (!isPending && query.search !== expected) {
    setExpected(query.search);
    setSearch(query.search);
  }

  function show(changes: Partial<SecretListQuery>) {
    clearTimeout(timer.current);
    const next = search.trim();
    const href = secretListHref(query, { search: next, ...changes });
    setExpected(changes.search ?? next);
    startTransition(() => router.replace(href, { scroll: false }));
  }

  function type(value: string) {
    setSearch(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => show({ search: value.trim() }), debounceMs);
  }

  return (
    <div className="flex flex-wrap gap-2" aria-busy={isPending}>
      <SearchInput
        label="Search secrets"
        placeholder="Search by name or description"
        value={search}
        onValueChange={type}
        className="w-full sm:w-80"
      />
      <Select
        aria-label="Type"
        placeholder="All types"
        options={typeOptions}
        value={query.type ?? ""}
        onChange={({ target }) => show({ type: isSubKind(target.value) ? target.value : undefined })}
        className="w-full sm:w-52"
      />
    </div>
  );
}
