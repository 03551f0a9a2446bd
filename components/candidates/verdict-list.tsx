import type { ReactNode } from "react";
import { CandidateRow } from "@/components/candidates/candidate-row";
import type { withProgress } from "@/components/candidates/with-progress";
import type { CandidateConnection, CandidateDetail } from "@/lib/candidates/schema";

/** The connections of a secret, each with its verdict on a value. Renders nothing without any. */
export function VerdictList({
  fabricId,
  rows,
  kinds,
  isBusy,
  isCurrent = false,
  actionOf,
}: {
  fabricId: string;
  rows: ReturnType<typeof withProgress>;
  kinds: CandidateDetail["kinds"];
  isBusy: boolean;
  /** True once the value is the current one. */
  isCurrent?: boolean;
  actionOf?: (connection: CandidateConnection) => ReactNode;
}) {
  if (rows.length === 0) return null;
  return (
    <ul
      aria-label="Connections that use the secret"
      className="-my-1 divide-y divide-line"
      aria-busy={isBusy}
    >
      {rows.map(({ connection, verdict, progress }) => (
        <CandidateRow
          key={connection.id}
          fabricId={fabricId}
          connection={connection}
          words={kinds[connection.kind]}
          verdict={verdict}
          progress={progress}
          isCurrent={isCurrent}
        >
          {actionOf?.(connection)}
        </CandidateRow>
      ))}
    </ul>
  );
}
