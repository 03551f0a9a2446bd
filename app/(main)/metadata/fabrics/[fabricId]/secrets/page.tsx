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
import { hasSecrets, listSecrets } from "@/lib/secrets/queries";
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
  // Known before anything is shown: a button that gives way to the empty state would take the focus along.
  const isEmpty = !(await hasSecrets(scope));
  return (
    <section aria-labelledby="secrets" className="flex flex-col gap-4">
      <h2 id="secrets" className="sr-only">
        Secrets
      </h2>
      {!isEmpty && (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <SecretsToolbar />
          <div className="flex flex-wrap gap-2">
            <ButtonLink href={`/metadata/fabrics/${fabricId}/secrets/entry-links`}>Entry links</ButtonLink>
            <SecretsMenu fabricId={fabricId} />
            <AddSecretButton fabricId={fabricId} maxSecretBytes={webEnv().MAX_SECRET_BYTES} />
          </div>
        </div>
      )}
      <QuotaNotices uses={await listNearlyUsed(scope, ["secrets", "storedByFabric", "storedByTeam"])} />
      {isEmpty ? (
        <NoSecrets fabricId={fabricId} />
      ) : (
        <Suspense fallback={<TableSkeleton label="Loading secrets" columns={6} rows={8} />}>
          <Secrets scope={scope} query={query} />
        </Suspense>
      )}
    </section>
  );
}

async function Secrets({ scope, query }: { scope: Scope<"secret:list">; query: SecretListQuery }) {
  const { secrets, next, previous } = await listSecrets(scope, query);
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
  );
}
