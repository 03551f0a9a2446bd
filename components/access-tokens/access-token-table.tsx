import { RevokeAccessTokenButton } from "@/components/access-tokens/revoke-access-token-button";
import { TokenExpiry, TokenStatusBadge } from "@/components/pipeline-tokens/token-status";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { AccessTokenSummary } from "@/lib/access-tokens/schema";

export function AccessTokenTable({ tokens }: { tokens: AccessTokenSummary[] }) {
  return (
    <Table label="Access tokens">
      <THead>
        <Th>Name</Th>
        <Th>Status</Th>
        <Th>Expires</Th>
        <Th>Last used</Th>
        <Th>Created</Th>
        <Th srOnly>Actions</Th>
      </THead>
      <TBody>
        {tokens.map((token) => (
          <Tr key={token.id}>
            <Td isMain>
              <span className="block md:max-w-64">{token.name}</span>
            </Td>
            <Td label="Status">
              <TokenStatusBadge status={token.status} />
            </Td>
            <Td label="Expires">
              <TokenExpiry token={token} />
            </Td>
            <Td label="Last used">{token.lastUsedAt ? <RelativeTime date={token.lastUsedAt} /> : "Never"}</Td>
            <Td label="Created">
              <RelativeTime date={token.createdAt} />
            </Td>
            <Td align="right" isFoot>
              {token.status === "active" && <RevokeAccessTokenButton token={token} />}
            </Td>
          </Tr>
        ))}
      </TBody>
    </Table>
  );
}
