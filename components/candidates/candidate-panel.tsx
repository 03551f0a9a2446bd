"use client";

import { useEffect, useRef } from "react";
import { AllowButton } from "@/components/candidates/allow-button";
import { CheckButtons } from "@/components/candidates/check-buttons";
import { DiscardButton } from "@/components/candidates/discard-button";
import { NewValueSection } from "@/components/candidates/new-value-section";
import { PromoteButton } from "@/components/candidates/promote-button";
import { RequestButton } from "@/components/candidates/request-button";
import { useConnectionChecks } from "@/components/candidates/use-connection-checks";
import { VerdictList } from "@/components/candidates/verdict-list";
import { VerdictSummary } from "@/components/candidates/verdict-summary";
import { withProgress } from "@/components/candidates/with-progress";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { CandidateDetail } from "@/lib/candidates/schema";

/** A new value that waits: its connections with the verdict of each, and the buttons that promote or discard it. */
export function CandidatePanel({
  fabricId,
  candidate,
  isAdmin,
  onPromote,
  onChange,
}: {
  fabricId: string;
  candidate: CandidateDetail;
  isAdmin: boolean;
  onPromote?: (isPromoted: boolean) => void;
  /**
   * Called when something about the value has changed, with whether it is the current one now. For a place that does
   * not refresh with the page.
   */
  onChange?: (isPromoted: boolean) => void;
}) {
  const { secretId, baseVersion, createdAt, createdByName, expiresAt, total, kinds } = candidate;
  const checks = useConnectionChecks(fabricId, secretId, () => onChange?.(false));
  const rows = withProgress(candidate.connections, checks.progress);
  const unchecked = idsWith(rows, "unchecked");
  const breaking = rows.filter(({ verdict }) => verdict !== "passed").map(({ connection }) => connection);
  const check = (connectionIds: string[]) => {
    if (connectionIds.length > 0) void checks.start({ candidate: candidate.candidate, connectionIds });
  };
  useFirstCheck(candidate.isOwn ? unchecked : [], check);
  return (
    <NewValueSection title="New value" takesFocus={candidate.isOwn && unchecked.length > 0}>
      <p className="text-muted">
        Entered by {createdByName}
        {createdAt && (
          <>
            {" "}
            <RelativeTime date={createdAt} />
          </>
        )}
        . Version {baseVersion} stays the current one until you promote this value. If nobody promotes it{" "}
        <RelativeTime date={expiresAt} span="within" />, it is discarded.
      </p>
      {rows.length > 0 && <VerdictSummary rows={rows} isRunning={checks.isRunning} />}
      <VerdictList
        fabricId={fabricId}
        rows={rows}
        kinds={kinds}
        isBusy={checks.isRunning}
        actionOf={(connection) => {
          if (connection.notAllowed.length === 0) return null;
          const shown = { fabricId, candidate, connection };
          if (isAdmin) return <AllowButton {...shown} onAllowed={() => check([connection.id])} />;
          return connection.request ? null : (
            <RequestButton {...shown} onRequested={() => onChange?.(false)} />
          );
        }}
      />
      {total > rows.length && (
        <p className="text-muted text-sm">
          {total - rows.length} more connections use it. The command line checks them, too.
        </p>
      )}
      <CheckButtons
        checks={checks}
        idle={
          <>
            {breaking.length > 0 && (
              <Button variant="primary" onClick={() => check(breaking.map(({ id }) => id))}>
                {unchecked.length === rows.length ? "Check connections" : "Check again"}
              </Button>
            )}
            <PromoteButton
              fabricId={fabricId}
              candidate={candidate}
              breaking={breaking}
              onPromote={onPromote}
              onDone={onChange}
            />
            <DiscardButton fabricId={fabricId} candidate={candidate} onDone={() => onChange?.(false)} />
          </>
        }
      />
    </NewValueSection>
  );
}

type Rows = ReturnType<typeof withProgress>;

function idsWith(rows: Rows, verdict: Rows[number]["verdict"]): string[] {
  return rows.filter((row) => row.verdict === verdict).map(({ connection }) => connection.id);
}

/** Checks once when the page opens, for the person who entered the value. */
function useFirstCheck(connectionIds: string[], check: (ids: string[]) => void): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (isDone.current || connectionIds.length === 0) return;
    isDone.current = true;
    check(connectionIds);
  });
}
