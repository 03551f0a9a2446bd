import { ConfirmTokenButton } from "@/components/pipeline-tokens/confirm-token-button";
import { ConnectionChanges } from "@/components/pipeline-tokens/connection-changes";
import { RevokeTokenButton } from "@/components/pipeline-tokens/revoke-token-button";
import { TokenLimits } from "@/components/pipeline-tokens/token-limits";
import { TokenExpiry, TokenStatusBadge } from "@/components/pipeline-tokens/token-status";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { PipelineTokenSummary } from "@/lib/pipeline-tokens/schema";

export function TokenTable({
  tokens,
  fabricId,
  canRevoke,
}: {
  tokens: PipelineTokenSummary[];
  fabricId: string;
  canRevoke: boolean;
}) {
  return (
    <Table label="Pipeline tokens">
      <THead>
        <Th>Name</Th>
        <Th>Status</Th>
        <Th>Limited to</Th>
        <Th>Expires</Th>
        <Th>Last used</Th>
        <Th>Created</Th>
        {canRevoke && <Th srOnly>Actions</Th>}
      </THead>
      <TBody>
        {tokens.map((token) => (
          <Tr key={token.id}>
            <Td isMain>
              <span className="block md:max-w-32 xl:max-w-52">{token.name}</span>
            </Td>
            <Td label="Status">
              <TokenStatusBadge status={token.status} />
            </Td>
            <Td label="Limited to">
              <TokenLimits limits={token.limits} />
              {token.status === "active" && <ConnectionChanges changes={token.limits.changes} />}
            </Td>
            <Td label="Expires">
              <TokenExpiry token={token} />
            </Td>
            <Td label="Last used">{token.lastUsedAt ? <RelativeTime date={token.lastUsedAt} /> : "Never"}</Td>
            <Td label="Created">
              <span className="wrap-anywhere block md:max-w-28 xl:max-w-52">
                <RelativeTime date={token.createdAt} /> by {token.createdByName}
              </span>
            </Td>
            {canRevoke && (
              <Td align="right" isFoot>
                {token.status === "active" && (
                  <div className="flex gap-2 md:flex-col md:items-end">
                    <ConfirmTokenButton fabricId={fabricId} token={token} changes={token.limits.changes} />
                    <RevokeTokenButton fabricId={fabricId} token={token} />
                  </div>
                )}
              </Td>
            )}
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
