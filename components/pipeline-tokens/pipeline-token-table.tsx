import { ConfirmTokenButton } from "@/components/pipeline-tokens/confirm-token-button";
import { ConnectionChanges } from "@/components/pipeline-tokens/connection-changes";
import { RevokeTokenButton } from "@/components/pipeline-tokens/revoke-token-button";
import { TokenLimits } from "@/components/pipeline-tokens/token-limits";
import {
  expiresColumn,
  lastUsedColumn,
  statusColumn,
  TokenTable,
} from "@/components/pipeline-tokens/token-table";
import { RelativeTime } from "@/components/ui/relative-time";
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
      <div className="flex gap-2 md:flex-col md:items-end">
        <ConfirmTokenButton fabricId={fabricId} token={token} changes={token.limits.changes} />
        <RevokeTokenButton fabricId={fabricId} token={token} />
      </div>
    );
  return (
    <TokenTable
      label="Pipeline tokens"
      tokens={tokens}
      columns={[
        statusColumn,
        {
          title: "Limited to",
          cell: ({ limits, status }) => (
            <>
              <TokenLimits limits={limits} />
              {status === "active" && <ConnectionChanges changes={limits.changes} />}
            </>
          ),
        },
        expiresColumn,
        lastUsedColumn,
        {
          title: "Created",
          cell: ({ createdAt, createdByName }) => (
            <span className="wrap-anywhere block md:max-w-28 xl:max-w-52">
              <RelativeTime date={createdAt} /> by {createdByName}
            </span>
          ),
        },
      ]}
      {...(canRevoke ? { actions } : {})}
    />
  );
}
