import { Layers, SearchX } from "lucide-react";
import type { Metadata } from "next";
import { CreateFabricButton } from "@/components/fabrics/create-fabric-button";
import { DeletedFabrics } from "@/components/fabrics/deleted-fabrics";
import { FabricFilters } from "@/components/fabrics/fabric-filters";
import { FabricTable } from "@/components/fabrics/fabric-table";
import { WhoCan } from "@/components/fabrics/who-can";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { Pagination } from "@/components/ui/pagination";
import { listDeletedFabrics, listFabrics, listFabricTeams } from "@/lib/fabrics/queries";
import {
  type FabricListQuery,
  type FabricPage,
  type FabricTeam,
  fabricListQuery,
} from "@/lib/fabrics/schema";
import { requireActor } from "@/lib/next/require-scope";

export const metadata: Metadata = { title: "Fabrics" };

type SearchParams = Promise<Record<string, string | string[] | undefined>>;

export default async function FabricsPage({ searchParams }: { searchParams: SearchParams }) {
  const actor = await requireActor();
  const query = fabricListQuery.parse(await searchParams);
  const [page, teams, deleted] = await Promise.all([
    listFabrics(actor, query),
    listFabricTeams(actor),
    listDeletedFabrics(actor),
  ]);
  const own = teams.filter(({ isAdmin }) => isAdmin).map(({ id, name }) => ({ id, name }));
  const create = own.length > 0 ? <CreateFabricButton teams={own} /> : <WhoCreates teams={teams} />;
  return (
    <>
      <PageHeader
        title="Fabrics"
        description="A fabric holds the secrets and connections of one warehouse."
        actions={create}
      />
      {page.isEmpty ? (
        <EmptyState icon={<Layers />} title="No fabrics yet">
          {teams.length === 0
            ? "You are not in a team yet. Ask a team’s Admin for an invitation."
            : "Fabrics of your teams appear here."}
        </EmptyState>
      ) : (
        <FabricList page={page} teams={teams} query={query} />
      )}
      <DeletedFabrics fabrics={deleted} />
    </>
  );
}

function FabricList({
  page,
  teams,
  query,
}: {
  page: FabricPage;
  teams: FabricTeam[];
  query: FabricListQuery;
}) {
  return (
    <section aria-label="Fabrics" className="flex flex-col gap-4">
      <FabricFilters teams={teams} />
      {page.fabrics.length > 0 ? (
        <FabricTable fabrics={page.fabrics} />
      ) : (
        <EmptyState
          icon={<SearchX />}
          title="No matching fabrics"
          action={<ButtonLink href="/metadata">Clear filters</ButtonLink>}
        >
          Try another name, provider or team.
        </EmptyState>
      )}
      <Pagination
        label="Pages of fabrics"
        previousHref={page.previous && hrefOf(query, { before: page.previous })}
        nextHref={page.next && hrefOf(query, { after: page.next })}
      />
    </section>
  );
}

function WhoCreates({ teams }: { teams: FabricTeam[] }) {
  return (
    <div className="max-w-md">
      {teams.map(({ id, name, admins }) => (
        <WhoCan key={id} act="can create fabrics" team={name} admins={admins} />
      ))}
    </div>
  );
}

function hrefOf({ search, provider, team }: FabricListQuery, cursor: Record<string, string>): string {
  const entries = Object.entries({ search, provider, team, ...cursor });
  const params = entries.filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `/metadata?${new URLSearchParams(params)}`;
}
