"use client";

import { SearchX } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { KindTile } from "@/components/connections/kind-tile";
import { EmptyState } from "@/components/ui/empty-state";
import { SearchInput } from "@/components/ui/search-input";

export type KindSummary = { kind: string; name: string; description: string; group: string };

/** Every kind of connection, to search and choose from. */
export function KindGallery({ kinds }: { kinds: KindSummary[] }) {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const found = kinds.filter(({ kind, name, description }) =>
    `${kind} ${name} ${description}`.toLowerCase().includes(wanted),
  );
  return (
    <div className="flex flex-col gap-4">
      <SearchInput
        label="Search kinds of connection"
        placeholder="Search, for example PostgreSQL"
        value={search}
        onValueChange={setSearch}
        className="w-full sm:w-80"
      />
      <ul aria-label="Kinds of connection" className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {found.map(({ kind, name, description, group }) => (
          <li key={kind}>
            <Link
              href={`?kind=${kind}`}
              className="flex h-full items-start gap-3 rounded-xl border border-line bg-surface p-4 transition-colors hover:border-line-strong hover:bg-hover"
            >
              <KindTile name={name} group={group} />
              <span className="min-w-0">
                <span className="block font-semibold">{name}</span>
                <span className="block text-muted text-sm">{description}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <EmptyState icon={<SearchX />} title="No kind matches">
          Try another word, such as a protocol or a product’s name.
        </EmptyState>
      )}
    </div>
  );
}
