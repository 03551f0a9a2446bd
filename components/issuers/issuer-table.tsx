import { RemoveIssuerButton } from "@/components/issuers/remove-issuer-button";
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
        <Th>Audience</Th>
        <Th>Subject</Th>
        <Th>Limited to</Th>
        <Th>Trusted</Th>
        {canRemove && <Th srOnly>Actions</Th>}
      </THead>
      <TBody>
        {issuers.map(({ id, name, issuer, audience, subject, limits, createdAt, createdByName }) => (
          <Tr key={id}>
            <Td isMain>
              <span className="break-words">{name}</span>
            </Td>
            <Td label="Issuer">
              <span className="break-all">{issuer}</span>
            </Td>
            <Td label="Audience">
              <span className="break-all">{audience}</span>
            </Td>
            <Td label="Subject">
              <code className="break-all font-mono text-sm">{subject}</code>
            </Td>
            <Td label="Limited to">
              <TokenLimits limits={limits} />
            </Td>
            <Td label="Trusted">
              <RelativeTime date={createdAt} /> by {createdByName}
            </Td>
            {canRemove && (
              <Td align="right">
                <RemoveIssuerButton fabricId={fabricId} issuer={{ id, name }} />
              </Td>
            )}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
