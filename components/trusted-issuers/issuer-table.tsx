import { ConnectionChanges } from "@/components/pipeline-tokens/connection-changes";
import { TokenLimits } from "@/components/pipeline-tokens/token-limits";
import { ConfirmIssuerButton } from "@/components/trusted-issuers/confirm-issuer-button";
import { RemoveIssuerButton } from "@/components/trusted-issuers/remove-issuer-button";
import { Breakable } from "@/components/ui/breakable";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
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
  return (
    <Table label="Trusted issuers">
      <THead>
        <Th>Name</Th>
        <Th>Issuer</Th>
        <Th>Workloads</Th>
        <Th>Limited to</Th>
        <Th>Trusted</Th>
        {canRemove && <Th srOnly>Actions</Th>}
      </THead>
      <TBody>
        {issuers.map(
          ({ id, name, issuer, audience, subject, limits, createdAt, createdByName, ...trust }) => (
            <Tr key={id}>
              <Td isMain>
                <span className="block md:max-w-28 xl:max-w-36">{name}</span>
              </Td>
              <Td label="Issuer">
                <span className="wrap-anywhere block md:max-w-32 xl:max-w-52">
                  <Breakable text={issuer} />
                </span>
                {trust.hasOwnKeys && <span className="block text-muted text-sm">Keys given by hand</span>}
              </Td>
              <Td label="Workloads">
                <code className="wrap-anywhere block font-mono text-sm md:max-w-32 xl:max-w-56">
                  <Breakable text={subject} />
                </code>
                <span className="wrap-anywhere block text-sm md:max-w-32 xl:max-w-56">
                  for <Breakable text={audience} />
                </span>
                {canRemove && trust.spansParts && subject.includes("*") && (
                  <SpannedParts spanned={trust.spanned} />
                )}
              </Td>
              <Td label="Limited to">
                <TokenLimits limits={limits} />
                <ConnectionChanges changes={limits.changes} />
              </Td>
              <Td label="Trusted">
                <span className="wrap-anywhere block md:max-w-28 xl:max-w-36">
                  <RelativeTime date={createdAt} /> by {createdByName}
                </span>
              </Td>
              {canRemove && (
                <Td align="right" isFoot>
                  <div className="flex gap-2 md:flex-col md:items-end">
                    <ConfirmIssuerButton fabricId={fabricId} issuer={{ id, name }} changes={limits.changes} />
                    <RemoveIssuerButton fabricId={fabricId} issuer={{ id, name }} />
                  </div>
                </Td>
              )}
            </Tr>
          ),
        )}
      </TBody>
    </Table>
  );
}

/** Warns Admins about a pattern from an earlier version, which matches more than a new one would. */
function SpannedParts({ spanned }: { spanned: readonly string[] }) {
  return (
    <div className="mt-1 text-sm text-warning-text md:max-w-32 xl:max-w-52">
      <p>
        Here <code>*</code> also matches <code>:</code> and <code>/</code>. To narrow it, trust the issuer
        again, then remove this one.
      </p>
      {spanned.length > 0 && (
        <>
          <p className="mt-1">Only this pattern lets in these workloads:</p>
          <ul className="list-disc pl-4">
            {spanned.slice(0, 5).map((subject) => (
              <li key={subject} className="wrap-anywhere">
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
