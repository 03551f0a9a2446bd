import { PromoteConnections } from "@/components/promotions/promote-connections";
import { QueryProvider } from "@/components/query/query-provider";
import { BackLink } from "@/components/ui/back-link";
import { listConnections } from "@/lib/connections/queries";
import { findConnector } from "@/lib/connectors/registry";
import { webEnv } from "@/lib/env";
import { listFabrics } from "@/lib/fabrics/queries";
import { requireScope } from "@/lib/next/require-scope";

export const metadata = { title: "Promote connections" };

/** The most fabrics, and the most connections, to choose from. */
const maxListed = 200;

export default async function PromotePage({ params }: { params: Promise<{ fabricId: string }> }) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "connection:list");
  const { fabrics } = await listFabrics(scope.actor, { search: "" }, { limit: maxListed });
  const { connections, warehouse } = await listConnections(scope, { search: "" }, { limit: maxListed });
  const own = warehouse?.connection ? [warehouse.connection] : [];
  return (
    <section aria-labelledby="promote" className="flex flex-col gap-5">
      <BackLink href={`/metadata/fabrics/${fabricId}/connections`}>Connections</BackLink>
      <div className="flex max-w-3xl flex-col gap-1">
        <h2 id="promote" className="font-semibold text-xl">
          Promote connections
        </h2>
        <p className="text-muted">
          Take connections to another fabric, such as from development to production. Their settings come
          along. For each secret: use one that the other fabric has, enter a new value, or copy this one.
        </p>
      </div>
      <QueryProvider>
        <PromoteConnections
          fabricId={fabricId}
          maxSecretBytes={webEnv().MAX_SECRET_BYTES}
          fabrics={fabrics
            .filter(({ id }) => id !== fabricId)
            .map(({ id, name, team }) => ({ id, name, team: team.name }))}
          connections={[...own, ...connections].map(({ id, name, kind }) => ({
            id,
            name,
            kindName: findConnector(kind)?.name ?? kind,
          }))}
        />
      </QueryProvider>
    </section>
  );
}
