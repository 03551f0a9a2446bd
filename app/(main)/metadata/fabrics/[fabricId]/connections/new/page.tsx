import { ConnectionForm } from "@/components/connections/connection-form";
import { KindGallery } from "@/components/connections/kind-gallery";
import { KindTile } from "@/components/connections/kind-tile";
import { QueryProvider } from "@/components/query/query-provider";
import { ButtonLink } from "@/components/ui/button";
import { allows } from "@/lib/access/policy";
import { connectorForm, searchWords } from "@/lib/connectors/form";
import { connectors, findConnector } from "@/lib/connectors/registry";
import { webEnv } from "@/lib/env";
import { requireScope } from "@/lib/next/require-scope";

export const metadata = { title: "Add connection" };

export default async function NewConnectionPage({
  params,
  searchParams,
}: {
  params: Promise<{ fabricId: string }>;
  searchParams: Promise<{ kind?: string | string[]; warehouse?: string | string[] }>;
}) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "connection:write");
  const { kind = "", warehouse } = await searchParams;
  const connector = findConnector(String(kind));
  if (!connector) {
    const kinds = Object.values(connectors).map(({ kind, name, description, group }) => ({
      kind,
      name,
      description,
      group,
      keywords: searchWords(connectors[kind]),
    }));
    return (
      <section className="flex flex-col gap-5">
        <h2 className="font-semibold text-xl">Add connection</h2>
        <KindGallery kinds={kinds} />
      </section>
    );
  }
  const isWarehouse = warehouse === "1" && connector.isWarehouse === true;
  return (
    <section className="flex flex-col gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="flex items-center gap-3">
          <KindTile kind={connector.kind} />
          <div>
            <h2 className="font-semibold text-xl">
              {isWarehouse ? "Connect SQL warehouse" : "Add connection"}
            </h2>
            <p className="text-muted">{connector.name}</p>
          </div>
        </div>
        <ButtonLink href={`/metadata/fabrics/${fabricId}/connections/new`}>Choose another kind</ButtonLink>
      </div>
      <QueryProvider>
        <ConnectionForm
          key={connector.kind}
          fabricId={fabricId}
          connector={connectorForm(connector)}
          maxSecretBytes={webEnv().MAX_SECRET_BYTES}
          isAdmin={allows(scope.role, "destination:write")}
          isWarehouse={isWarehouse}
        />
      </QueryProvider>
    </section>
  );
}
