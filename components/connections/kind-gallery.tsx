"use client";

import { SearchX } from "lucide-react";
import { useState } from "react";
import { KindTile } from "@/components/connections/kind-tile";
import { EmptyState } from "@/components/ui/empty-state";
import { Link } from "@/components/ui/link";
import { SearchInput } from "@/components/ui/search-input";
import { type ConnectorGroup, connectorGroups } from "@/lib/connectors/define";

export type KindSummary = {
  kind: string;
  name: string;
  description: string;
  group: ConnectorGroup;
  keywords: string;
};

/** Every kind of connection by group, to search and choose from. */
export function KindGallery({ kinds }: { kinds: KindSummary[] }) {
  const [search, setSearch] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = kinds.filter(({ kind, name, description, group, keywords }) => {
    const text = `${kind} ${name} ${description} ${connectorGroups[group]} ${keywords}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <div className="flex flex-col gap-6">
      <SearchInput
        label="Search kinds of connection"
        placeholder="Search, for example PostgreSQL"
        value={search}
        onValueChange={setSearch}
        className="w-full sm:w-80"
      />
      {Object.entries(connectorGroups).map(([group, title]) => {
        const members = matching.filter((one) => one.group === group);
        return (
          members.length > 0 && (
            <section key={group} aria-labelledby={`group-${group}`} className="flex flex-col gap-2.5">
              <h3 id={`group-${group}`} className="font-semibold text-muted text-sm">
                {title}
              </h3>
              <ul aria-label={title} className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
                {members.map((one) => (
                  <KindCard key={one.kind} {...one} />
                ))}
              </ul>
            </section>
          )
        );
      })}
      {matching.length === 0 && (
        <EmptyState icon={<SearchX />} title="No matching kinds">
          Try the name of a product or a protocol.
        </EmptyState>
      )}
    </div>
  );
}

function KindCard({ kind, name, description }: KindSummary) {
  return (
    <li>
      <Link
        href={`?kind=${kind}`}
        className="flex h-full items-start gap-3 rounded-xl border border-line bg-surface p-4 transition-colors hover:border-line-strong hover:bg-hover"
      >
        <KindTile kind={kind} />
        <span className="min-w-0">
          <span className="block font-semibold">{name}</span>
          <span className="block text-muted text-sm">{description}</span>
        </span>
      </Link>
    </li>
  );
}
