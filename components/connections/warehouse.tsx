import { Warehouse as WarehouseIcon } from "lucide-react";
import { ConnectionsTable } from "@/components/connections/connections-table";
import { ButtonLink } from "@/components/ui/button";
import type { ConnectionSummary } from "@/lib/connections/schema";
import { findConnector } from "@/lib/connectors/registry";

/**
 * A fabric's only SQL warehouse: the connection, or a button to create it. Renders nothing in a fabric
 * without a provider.
 */
export function Warehouse({
  fabricId,
  provider,
  connection,
}: {
  fabricId: string;
  provider: string;
  connection: ConnectionSummary | null;
}) {
  const kind = findConnector(provider);
  if (connection === null && kind === null) return null;
  return (
    <section aria-labelledby="sql-warehouse" className="flex flex-col gap-3">
      <h2 id="sql-warehouse" className="font-semibold text-lg">
        SQL warehouse
      </h2>
      {connection !== null ? (
        <ConnectionsTable label="SQL warehouse" fabricId={fabricId} connections={[connection]} />
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-line border-dashed p-4">
          <p className="text-muted">
            The provider of this fabric is {kind?.name}. Its SQL warehouse is not connected yet.
          </p>
          <ButtonLink
            icon={<WarehouseIcon aria-hidden />}
            href={`/metadata/fabrics/${fabricId}/connections/new?kind=${provider}&warehouse=1`}
          >
            Connect SQL warehouse
          </ButtonLink>
        </div>
      )}
    </section>
  );
}
