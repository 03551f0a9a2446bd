import { KeyRound, SearchX } from "lucide-react";
import { Suspense } from "react";
import { QuotaNotices } from "@/components/quotas/quota-notices";
import { AddSecretButton } from "@/components/secrets/add-secret-button";
import { secretListHref } from "@/components/secrets/secret-list-href";
import { SecretsMenu } from "@/components/secrets/secrets-menu";
import { SecretsTable } from "@/components/secrets/secrets-table";
import { SecretsToolbar } from "@/components/secrets/secrets-toolbar";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Pagination } from "@/components/ui/pagination";
import { TableSkeleton } from "@/components/ui/skeleton";
import type { Scope } from "@/lib/access/scope";
import { webEnv } from "@/lib/env";
import { requireScope } from "@/lib/next/require-scope";
import { listNearlyUsed } from "@/lib/quotas/estimate";
import { listSecrets } from "@/lib/secrets/queries";
import { type SecretListQuery, secretListQuery } from "@/lib/secrets/schema";

export const metadata = { title: "Secrets" };

export default async function SecretsPage({
  params,
  searchParams,
}: {
  params: Promise<{ fabricId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "secret:list");
  const query = secretListQuery.parse(await searchParams);
  return (
    // In a fabric without secrets, show only the empty state below.
    <section aria-labelledby="secrets" className="group/secrets flex flex-col gap-4">
      <h2 id="secrets" className="sr-only">
        Secrets
      </h2>
      <div className="flex flex-wrap items-center justify-between gap-3 group-has-[[data-no-secrets]]/secrets:hidden">
        <SecretsToolbar />
        <div className="flex flex-wrap gap-2">
          <ButtonLink href={`/metadata/fabrics/${fabricId}/secrets/entry-links`}>Entry links</ButtonLink>
          <SecretsMenu fabricId={fabricId} />
          <AddSecretButton fabricId={fabricId} maxSecretBytes={webEnv().MAX_SECRET_BYTES} />
        </div>
      </div>
      <QuotaNotices uses={await listNearlyUsed(scope, ["secrets", "storedByFabric", "storedByTeam"])} />
      <Suspense fallback={<TableSkeleton label="Loading secrets" columns={6} rows={8} />}>
        <Secrets scope={scope} query={query} />
      </Suspense>
    </section>
  );
}

async function Secrets({ scope, query }: { scope: Scope<"secret:list">; query: SecretListQuery }) {
  const { secrets, next, previous, isFabricEmpty } = await listSecrets(scope, query);
  if (isFabricEmpty) return <NoSecrets fabricId={scope.fabricId} />;
  if (secrets.length === 0)
    return (
      <EmptyState
        icon={<SearchX />}
        title="No matching secrets"
        action={<ButtonLink href="?">Clear filters</ButtonLink>}
      >
        Try another search or filter.
      </EmptyState>
    );
  return (
    <>
      <SecretsTable fabricId={scope.fabricId} query={query} secrets={secrets} />
      <Pagination
        label="Pages of secrets"
        previousHref={previous && secretListHref(query, { before: previous })}
        nextHref={next && secretListHref(query, { after: next })}
      />
    </>
  );
}

function NoSecrets({ fabricId }: { fabricId: string }) {
  return (
    <div data-no-secrets>
      <EmptyState
        icon={<KeyRound />}
        title="No secrets yet"
        action={
          <>
            <AddSecretButton fabricId={fabricId} maxSecretBytes={webEnv().MAX_SECRET_BYTES} />
            <ButtonLink href={`/metadata/fabrics/${fabricId}/secrets/import`}>Import from a file</ButtonLink>
            <ButtonLink href={`/metadata/fabrics/${fabricId}/secrets/entry-links`}>Entry links</ButtonLink>
          </>
        }
      >
        Store passwords, API keys and certificates here, so that no pipeline or connection contains them in
        plain text. Once saved, a value is never shown again.
      </EmptyState>
    </div>
  );
}
