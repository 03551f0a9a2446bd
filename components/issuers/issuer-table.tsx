import { ConfirmIssuerButton } from "@/components/issuers/confirm-issuer-button";
import { RemoveIssuerButton } from "@/components/issuers/remove-issuer-button";
import { ConnectionChanges } from "@/components/tokens/connection-changes";
import { TokenLimits } from "@/components/tokens/token-limits";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { IssuerSummary } from "@/lib/issuers/schema";

export function IssuerTable({
  issuers,
  fabricId,
  canRemove,
}: {
  issuers: IssuerSummary[];
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
        {issuers.map(({ id, name, issuer, audience, subject, limits, createdAt, createdByName }) => (
          <Tr key={id}>
            <Td isMain>
              <span className="block break-words md:max-w-36">{name}</span>
            </Td>
            <Td label="Issuer">
              <span className="block break-all md:max-w-56">{issuer}</span>
            </Td>
            <Td label="Workloads">
              <code className="block break-all font-mono text-sm md:max-w-56">{subject}</code>
              <span className="block break-all text-sm md:max-w-56">for {audience}</span>
            </Td>
            <Td label="Limited to">
              <TokenLimits limits={limits} />
              <ConnectionChanges changes={limits.changes} />
            </Td>
            <Td label="Trusted">
              <span className="block break-words md:max-w-36">
                <RelativeTime date={createdAt} /> by {createdByName}
              </span>
            </Td>
            {canRemove && (
              <Td align="right">
                <div className="flex flex-wrap gap-2 md:justify-end">
                  <ConfirmIssuerButton fabricId={fabricId} issuer={{ id, name }} changes={limits.changes} />
                  <RemoveIssuerButton fabricId={fabricId} issuer={{ id, name }} />
                </div>
              </Td>
            )}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
