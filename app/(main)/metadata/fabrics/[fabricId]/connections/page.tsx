import { Plug, Plus, SearchX } from "lucide-react";
import { Suspense } from "react";
import { ConnectionsSearch } from "@/components/connections/connections-search";
import { ConnectionsTable } from "@/components/connections/connections-table";
import { Warehouse } from "@/components/connections/warehouse";
import { WaitingRequestList } from "@/components/destinations/waiting-requests";
import { QuotaNotices } from "@/components/quotas/quota-notices";
import { Banner } from "@/components/ui/banner";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Link } from "@/components/ui/link";
import { Pagination } from "@/components/ui/pagination";
import { TableSkeleton } from "@/components/ui/skeleton";
import { allows } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { hasConnections, listConnections } from "@/lib/connections/queries";
import { type ConnectionListQuery, connectionListQuery } from "@/lib/connections/schema";
import { countToReview, listWaitingRequests } from "@/lib/destinations/queries";
import { requireScope } from "@/lib/next/require-scope";
import { listNearlyUsed } from "@/lib/quotas/estimate";
import { listSecretOptions } from "@/lib/secrets/queries";

export const metadata = { title: "Connections" };

/** The largest number that the banner shows. */
const maxCounted = 100;

export default async function ConnectionsPage({
  params,
  searchParams,
}: {
  params: Promise<{ fabricId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "connection:list");
  const query = connectionListQuery.parse(await searchParams);
  const reader = await requireScope(fabricId, "secret:list");
  const waiting = await listWaitingRequests(reader);
  const isAdmin = allows(scope.role, "destination:write");
  // Known before anything is shown: a link that gives way to the empty state would take the focus along.
  const isEmpty = !(await hasConnections(scope));
  const toReview = isAdmin ? await countToReview(reader, maxCounted + 1) : 0;
  return (
    <section aria-labelledby="connections" className="flex flex-col gap-4">
      <h2 id="connections" className="sr-only">
        Connections
      </h2>
      {!isEmpty && (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <ConnectionsSearch />
          <div className="flex flex-wrap gap-2">
            <ButtonLink href={`/metadata/fabrics/${fabricId}/connections/promote`}>Promote</ButtonLink>
            <AddConnection fabricId={fabricId} />
          </div>
        </div>
      )}
      <QuotaNotices uses={await listNearlyUsed(scope, ["connections"])} />
      <WaitingRequestList fabricId={fabricId} waiting={waiting} isAdmin={isAdmin} />
      {toReview > 0 && (
        <Banner
          tone="info"
          title="The upgrade allowed destinations that were already in use"
          action={
            <ButtonLink size="sm" href={`/metadata/fabrics/${fabricId}/advanced#review`}>
              Review {toReview > maxCounted ? `more than ${maxCounted}` : toReview}
            </ButtonLink>
          }
        >
          Review them, and remove any that you do not recognize.
        </Banner>
      )}
      {query.secret && <OfSecret fabricId={fabricId} name={await nameOf(reader, query.secret)} />}
      <Suspense fallback={!isEmpty && <TableSkeleton label="Loading connections" columns={5} rows={6} />}>
        <Connections scope={scope} query={query} isFabricEmpty={isEmpty} />
      </Suspense>
    </section>
  );
}

async function nameOf(scope: Scope<"secret:list">, secretId: string): Promise<string | undefined> {
  const { options } = await listSecretOptions(scope, { search: "", subKinds: [], ids: [secretId] });
  return options[0]?.name;
}

/** Says that the list is limited to the connections of a secret. */
function OfSecret({ fabricId, name }: { fabricId: string; name: string | undefined }) {
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span className="[overflow-wrap:anywhere]">
        Connections that use {name === undefined ? "a secret that no longer exists" : `“${name}”`}
      </span>
      <Link
        href={`/metadata/fabrics/${fabricId}/connections`}
        className="rounded-sm text-accent-text hover:underline"
      >
        Show all connections
      </Link>
    </p>
  );
}

async function Connections({
  scope,
  query,
  isFabricEmpty,
}: {
  scope: Scope<"connection:list">;
  query: ConnectionListQuery;
  isFabricEmpty: boolean;
}) {
  const { warehouse, connections, next, previous } = await listConnections(scope, query);
  const primary = warehouse && <Warehouse fabricId={scope.fabricId} {...warehouse} />;
  if (isFabricEmpty) {
    return (
      <div className="flex flex-col gap-6">
        {primary}
        <EmptyState
          icon={<Plug />}
          title="No connections yet"
          action={<AddConnection fabricId={scope.fabricId} />}
        >
          A connection holds the settings of one server and references the secrets to sign in with. Automate
          checks that it works.
        </EmptyState>
      </div>
    );
  }
  if (connections.length === 0) {
    return (
      <>
        {primary}
        <EmptyState
          icon={<SearchX />}
          title="No matching connections"
          action={<ButtonLink href="?">Clear filters</ButtonLink>}
        >
          Try another search.
        </EmptyState>
      </>
    );
  }
  const href = (cursor: { after: string } | { before: string }) =>
    `?${new URLSearchParams({
      ...(query.search ? { search: query.search } : {}),
      ...(query.secret ? { secret: query.secret } : {}),
      ...cursor,
    })}`;
  return (
    <>
      {primary}
      <ConnectionsTable fabricId={scope.fabricId} connections={connections} />
      <Pagination
        label="Pages of connections"
        previousHref={previous && href({ before: previous })}
        nextHref={next && href({ after: next })}
      />
    </>
  );
}

function AddConnection({ fabricId }: { fabricId: string }) {
  return (
    <ButtonLink
      variant="primary"
      icon={<Plus aria-hidden />}
      href={`/metadata/fabrics/${fabricId}/connections/new`}
    >
      Add connection
    </ButtonLink>
  );
}
