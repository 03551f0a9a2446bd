"use client";

import { useEffect, useRef } from "react";
import { CheckButtons } from "@/components/candidates/check-buttons";
import { NewValueSection } from "@/components/candidates/new-value-section";
import { UndoButton } from "@/components/candidates/undo-button";
import { useConnectionChecks } from "@/components/candidates/use-connection-checks";
import { VerdictList } from "@/components/candidates/verdict-list";
import { withProgress } from "@/components/candidates/with-progress";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { CandidateConnection, CandidateDetail, UndoOffer } from "@/lib/candidates/schema";
import type { SecretDetail } from "@/lib/secrets/schema";

/**
 * A value that was promoted recently: the results of its connections, the pipelines that have not read it yet, and the
 * way back. With `checksNow`, every connection is checked at once; otherwise automate does so within a minute or two.
 */
export function PromotedPanel({
  fabricId,
  candidate,
  readers,
  undo,
  checksNow,
}: {
  fabricId: string;
  candidate: CandidateDetail;
  readers: SecretDetail["readers"];
  undo: UndoOffer | null;
  checksNow: boolean;
}) {
  const { secretId, promotedVersion, closedAt, closedByName } = candidate;
  const checks = useConnectionChecks(fabricId, secretId);
  const rows = withProgress(candidate.connections.map(withStatus), checks.progress);
  const ids = rows.map(({ connection }) => connection.id);
  const isStarted = useRef(false);
  useEffect(() => {
    if (!checksNow || isStarted.current || ids.length === 0) return;
    isStarted.current = true;
    void checks.start({ candidate: null, connectionIds: ids });
  });
  const late = readers.filter(({ version }) => version < (promotedVersion ?? 0));
  return (
    <NewValueSection title={`Version ${promotedVersion} promoted`} takesFocus={checksNow}>
      <p className="text-muted">
        {closedByName} promoted it
        {closedAt && (
          <>
            {" "}
            <RelativeTime date={closedAt} />
          </>
        )}
        . {rows.length > 0 && "Every connection is checked again with it."}
      </p>
      <VerdictList
        fabricId={fabricId}
        rows={rows}
        kinds={candidate.kinds}
        isBusy={checks.isRunning}
        isCurrent
      />
      {late.length > 0 && (
        <div className="text-muted">
          <p className="text-ink">These pipelines have not read it yet. They get it at their next read:</p>
          <ul className="mt-1 list-disc pl-5 [overflow-wrap:anywhere]">
            {late.map(({ pipelineId, pipeline, connection, name, version, lastReadAt }) => (
              <li key={JSON.stringify([pipelineId, pipeline, connection, name])}>
                <span className="font-medium text-ink">{pipeline}</span>
                {connection !== null && ` through connection “${connection}”`}, version {version}, last read{" "}
                <RelativeTime date={lastReadAt} />
              </li>
            ))}
          </ul>
        </div>
      )}
      <CheckButtons
        checks={checks}
        idle={
          rows.length > 0 && (
            <Button onClick={() => void checks.start({ candidate: null, connectionIds: ids })}>
              Check all
            </Button>
          )
        }
        always={undo && <UndoButton fabricId={fabricId} secretId={secretId} undo={undo} size="md" />}
      />
    </NewValueSection>
  );
}

/** The connection with the result of its newest check of the current value. */
function withStatus(connection: CandidateConnection): CandidateConnection {
  const { status } = connection;
  if (status.state !== "connected" && status.state !== "disconnected") return { ...connection, result: null };
  const { durationMs, checkedAt } = status;
  const code = status.state === "connected" ? null : status.code;
  return { ...connection, result: { ok: code === null, code, field: null, durationMs, checkedAt } };
}
