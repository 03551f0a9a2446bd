"use client";

import { type ReactNode, useEffect, useRef } from "react";
import { AllowButton } from "@/components/candidates/allow-button";
import { CandidateRow } from "@/components/candidates/candidate-row";
import { DiscardButton } from "@/components/candidates/discard-button";
import { NewValueSection } from "@/components/candidates/new-value-section";
import { PromoteButton } from "@/components/candidates/promote-button";
import { failureTexts, useConnectionChecks } from "@/components/candidates/use-connection-checks";
import { withProgress } from "@/components/candidates/with-progress";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { CandidateDetail } from "@/lib/candidates/schema";

/** A new value that waits: its connections with the verdict of each, and the buttons that promote or discard it. */
export function CandidatePanel({
  fabricId,
  candidate,
  isAdmin,
  onPromote,
}: {
  fabricId: string;
  candidate: CandidateDetail;
  isAdmin: boolean;
  onPromote: (isPromoted: boolean) => void;
}) {
  const { secretId, baseVersion, createdAt, createdByName, expiresAt, total } = candidate;
  const checks = useConnectionChecks(fabricId, secretId);
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
        . Version {baseVersion} stays the current one until you promote this value. It expires{" "}
        <RelativeTime date={expiresAt} />.
      </p>
      {rows.length > 0 && (
        <>
          <Summary rows={rows} isRunning={checks.isRunning} />
          <ul
            aria-label="Connections that use the secret"
            className="-my-1 divide-y divide-line"
            aria-busy={checks.isRunning}
          >
            {rows.map(({ connection, verdict, progress }) => (
              <CandidateRow
                key={connection.id}
                fabricId={fabricId}
                connection={connection}
                verdict={verdict}
                progress={progress}
              >
                {isAdmin && connection.notAllowed.length > 0 && (
                  <AllowButton
                    fabricId={fabricId}
                    candidate={candidate}
                    connection={connection}
                    onAllowed={() => check([connection.id])}
                  />
                )}
              </CandidateRow>
            ))}
          </ul>
          {total > rows.length && (
            <p className="text-muted text-sm">
              {total - rows.length} more connections use it. The command line checks them, too.
            </p>
          )}
        </>
      )}
      {checks.failure && (
        <Banner tone="danger" isLive>
          {failureTexts[checks.failure]}
        </Banner>
      )}
      <div className="flex flex-wrap items-center gap-2">
        {checks.isRunning ? (
          <Button onClick={checks.stop}>Stop checking</Button>
        ) : (
          <Actions
            primary={
              <PromoteButton
                fabricId={fabricId}
                candidate={candidate}
                breaking={breaking}
                onPromote={onPromote}
              />
            }
            onCheck={breaking.length > 0 ? () => check(breaking.map(({ id }) => id)) : null}
            isFirst={unchecked.length === rows.length}
          />
        )}
        {!checks.isRunning && <DiscardButton fabricId={fabricId} candidate={candidate} />}
      </div>
    </NewValueSection>
  );
}

type Rows = ReturnType<typeof withProgress>;

function idsWith(rows: Rows, verdict: Rows[number]["verdict"]): string[] {
  return rows.filter((row) => row.verdict === verdict).map(({ connection }) => connection.id);
}

/** The one button that is next: Check while a connection has not accepted the value, otherwise Promote. */
function Actions({
  primary,
  onCheck,
  isFirst,
}: {
  primary: ReactNode;
  onCheck: (() => void) | null;
  isFirst: boolean;
}) {
  return (
    <>
      {onCheck && (
        <Button variant="primary" onClick={onCheck}>
          {isFirst ? "Check connections" : "Check again"}
        </Button>
      )}
      {primary}
    </>
  );
}

function Summary({ rows, isRunning }: { rows: Rows; isRunning: boolean }) {
  const passed = idsWith(rows, "passed").length;
  const refused = idsWith(rows, "refused").length;
  const untried = idsWith(rows, "untried").length;
  const isAll = passed === rows.length;
  const parts = [
    `${passed} of ${rows.length} ${rows.length === 1 ? "connection accepts" : "connections accept"} it`,
    ...(refused > 0 ? [`${refused} ${refused === 1 ? "refuses" : "refuse"} it`] : []),
    ...(untried > 0 ? [`${untried} not tried`] : []),
  ];
  return (
    <p role="status" className="font-medium">
      {isAll && !isRunning
        ? rows.length === 1
          ? "The connection accepts it."
          : `All ${rows.length} connections accept it.`
        : `${parts.join(", ")}${isRunning ? " …" : "."}`}
    </p>
  );
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
