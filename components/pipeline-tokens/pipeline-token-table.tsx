import { ConfirmTokenButton } from "@/components/pipeline-tokens/confirm-token-button";
import { RevokeTokenButton } from "@/components/pipeline-tokens/revoke-token-button";
import { TokenOwnerButton } from "@/components/pipeline-tokens/token-owner-button";
import {
  addedColumn,
  type Column,
  expiresColumn,
  lastUsedColumn,
  limitsColumn,
  ownerColumn,
  statusColumn,
  TokenTable,
} from "@/components/pipeline-tokens/token-table";
import { SnoozeButton } from "@/components/reminders/snooze-button";
import { Day } from "@/components/ui/day";
import { daysUntil, expiringDays, type Owner } from "@/lib/expiry/schema";
import type { PipelineTokenSummary } from "@/lib/pipeline-tokens/schema";
import type { Snooze } from "@/lib/reminders/schema";

export function PipelineTokenTable({
  tokens,
  fabricId,
  canRevoke,
  owners,
  snoozes,
}: {
  tokens: PipelineTokenSummary[];
  fabricId: string;
  canRevoke: boolean;
  /** The members who may own a token. */
  owners: readonly Owner[];
  snoozes: ReadonlyMap<string, Snooze>;
}) {
  const isExpiring = ({ expiresAt, status }: PipelineTokenSummary) =>
    status === "active" && expiresAt !== null && daysUntil(expiresAt, new Date()) < expiringDays;
  const actions = (token: PipelineTokenSummary) =>
    token.status === "active" && (
      <div className="flex gap-2 wide:flex-col wide:items-end">
        {isExpiring(token) && !snoozes.has(token.id) && (
          <SnoozeButton fabricId={fabricId} topic="token.expires" object={token} />
        )}
        <TokenOwnerButton fabricId={fabricId} token={token} owners={owners} />
        <ConfirmTokenButton fabricId={fabricId} token={token} changes={token.limits.changes} />
        <RevokeTokenButton fabricId={fabricId} token={token} />
      </div>
    );
  const expires: Column<PipelineTokenSummary> = {
    ...expiresColumn,
    cell: (token) => {
      const snooze = snoozes.get(token.id);
      return (
        <>
          {expiresColumn.cell(token)}
          {snooze && isExpiring(token) && (
            <span className="block text-faint text-sm" title={snooze.reason}>
              snoozed until <Day date={snooze.until} />
            </span>
          )}
        </>
      );
    },
  };
  return (
    <TokenTable
      label="Pipeline tokens"
      tokens={tokens}
      columns={[statusColumn, limitsColumn, expires, ownerColumn, lastUsedColumn, addedColumn("Created")]}
      hrefOf={({ id }) => `/metadata/fabrics/${fabricId}/pipelines/${id}`}
      actions={canRevoke ? actions : undefined}
    />
  );
}
