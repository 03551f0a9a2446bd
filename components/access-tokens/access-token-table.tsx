import { RevokeAccessTokenButton } from "@/components/access-tokens/revoke-access-token-button";
import {
  expiresColumn,
  lastUsedColumn,
  statusColumn,
  TokenTable,
} from "@/components/pipeline-tokens/token-table";
import { RelativeTime } from "@/components/ui/relative-time";
import type { AccessTokenSummary } from "@/lib/access-tokens/schema";

export function AccessTokenTable({ tokens }: { tokens: AccessTokenSummary[] }) {
  return (
    <TokenTable
      label="Access tokens"
      tokens={tokens}
      columns={[
        statusColumn,
        expiresColumn,
        lastUsedColumn,
        { title: "Created", cell: ({ createdAt }) => <RelativeTime date={createdAt} /> },
      ]}
      actions={(token) => token.status === "active" && <RevokeAccessTokenButton token={token} />}
    />
  );
}
