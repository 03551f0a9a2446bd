import { CompareFabrics } from "@/components/comparisons/compare-fabrics";
import { BackLink } from "@/components/ui/back-link";
import { listComparedPipelines } from "@/lib/comparisons/queries";
import { kindNames } from "@/lib/connectors/registry";
import { listFabrics } from "@/lib/fabrics/queries";
import { requireScope } from "@/lib/next/require-scope";

export const metadata = { title: "Compare fabrics" };

/** The most fabrics to choose from. */
const maxFabrics = 200;

export default async function ComparePage({ params }: { params: Promise<{ fabricId: string }> }) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "secret:list");
  const { fabrics } = await listFabrics(scope.actor, { search: "" }, { limit: maxFabrics });
  return (
    <section aria-labelledby="compare" className="flex flex-col gap-5">
      <BackLink href={`/metadata/fabrics/${fabricId}/secrets`}>Secrets</BackLink>
      <div className="flex max-w-3xl flex-col gap-1">
        <h2 id="compare" className="font-semibold text-xl">
          Compare fabrics
        </h2>
        <p className="text-muted">
          Pipelines find secrets and connections by name. See whether other fabrics have the same names, with
          the same types, before a pipeline runs there. Values are not compared.
        </p>
      </div>
      <CompareFabrics
        fabricId={fabricId}
        others={fabrics
          .filter(({ id }) => id !== fabricId)
          .map(({ id, name, team }) => ({ id, name, team: team.name }))}
        pipelines={await listComparedPipelines(scope)}
        kindNames={kindNames()}
      />
    </section>
  );
}
