import { ConfirmTokenButton } from "@/components/pipeline-tokens/confirm-token-button";
import { RevokeTokenButton } from "@/components/pipeline-tokens/revoke-token-button";
import {
  addedColumn,
  expiresColumn,
  lastUsedColumn,
  limitsColumn,
  statusColumn,
  TokenTable,
} from "@/components/pipeline-tokens/token-table";
import type { PipelineTokenSummary } from "@/lib/pipeline-tokens/schema";

export function PipelineTokenTable({
  tokens,
  fabricId,
  canRevoke,
}: {
  tokens: PipelineTokenSummary[];
  fabricId: string;
  canRevoke: boolean;
}) {
  const actions = (token: PipelineTokenSummary) =>
    token.status === "active" && (
      <div className="flex gap-2 wide:flex-col wide:items-end">
        <ConfirmTokenButton fabricId={fabricId} token={token} changes={token.limits.changes} />
        <RevokeTokenButton fabricId={fabricId} token={token} />
      </div>
    );
  return (
    <TokenTable
      label="Pipeline tokens"
      tokens={tokens}
      columns={[statusColumn, limitsColumn, expiresColumn, lastUsedColumn, addedColumn("Created")]}
      actions={canRevoke ? actions : undefined}
    />
  );
}
