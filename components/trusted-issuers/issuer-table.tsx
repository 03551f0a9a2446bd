import { addedColumn, type Column, limitsColumn, TokenTable } from "@/components/pipeline-tokens/token-table";
import { ConfirmIssuerButton } from "@/components/trusted-issuers/confirm-issuer-button";
import { RemoveIssuerButton } from "@/components/trusted-issuers/remove-issuer-button";
import { Breakable } from "@/components/ui/breakable";
import type { TrustedIssuerSummary } from "@/lib/trusted-issuers/schema";

export function IssuerTable({
  issuers,
  fabricId,
  canRemove,
}: {
  issuers: TrustedIssuerSummary[];
  fabricId: string;
  canRemove: boolean;
}) {
  const actions = ({ id, name, limits }: TrustedIssuerSummary) => (
    <div className="flex gap-2 wide:flex-col wide:items-end">
      <ConfirmIssuerButton fabricId={fabricId} issuer={{ id, name }} changes={limits.changes} />
      <RemoveIssuerButton fabricId={fabricId} issuer={{ id, name }} />
    </div>
  );
  return (
    <TokenTable
      label="Trusted issuers"
      tokens={issuers}
      columns={[
        issuerColumn,
        {
          ...workloadsColumn,
          cell: (issuer) => (
            <>
              {workloadsColumn.cell(issuer)}
              <span className="block text-sm">
                for <Breakable text={issuer.audience} />
              </span>
              {canRemove && issuer.spansParts && issuer.subject.includes("*") && (
                <SpannedParts spanned={issuer.spanned} />
              )}
            </>
          ),
        },
        limitsColumn,
        addedColumn("Added"),
      ]}
      hrefOf={({ id }) => `/metadata/fabrics/${fabricId}/pipelines/${id}`}
      actions={canRemove ? actions : undefined}
    />
  );
}

export const issuerColumn: Column<{ issuer: string; hasOwnKeys?: boolean }> = {
  title: "Issuer",
  cell: ({ issuer, hasOwnKeys = false }) => (
    <>
      <Breakable text={issuer} />
      {hasOwnKeys && <span className="block text-muted text-sm">Keys entered manually</span>}
    </>
  ),
};

export const workloadsColumn: Column<{ subject: string }> = {
  title: "Workloads",
  cell: ({ subject }) => (
    <code className="block font-mono text-sm">
      <Breakable text={subject} />
    </code>
  ),
};

/** Warns Admins about a pattern from an earlier version, which matches more than a new one would. */
function SpannedParts({ spanned }: { spanned: readonly string[] }) {
  return (
    <div className="mt-1 text-sm text-warning-text">
      <p>
        Here <code>*</code> also matches <code>:</code> and <code>/</code>. To narrow it, add the issuer
        again, then remove this one.
      </p>
      {spanned.length > 0 && (
        <>
          <p className="mt-1">Without this pattern, these workloads lose access:</p>
          <ul className="list-disc pl-4">
            {spanned.slice(0, 5).map((subject) => (
              <li key={subject}>
                <Breakable text={subject} />
              </li>
            ))}
          </ul>
          {spanned.length > 5 && <p>and {spanned.length - 5} more</p>}
        </>
      )}
    </div>
  );
}
