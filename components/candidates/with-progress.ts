import type { RowProgress } from "@/components/candidates/use-connection-checks";
import {
  type CandidateConnection,
  type CandidateResult,
  type Verdict,
  verdictOf,
} from "@/lib/candidates/schema";
import type { CheckResult } from "@/lib/connectors/check-protocol";

type Row = { connection: CandidateConnection; verdict: Verdict; progress: RowProgress | null };

/** The connections, each with its newest result: that of this page's check, or else the stored one. */
export function withProgress(
  connections: readonly CandidateConnection[],
  progress: ReadonlyMap<string, RowProgress>,
): Row[] {
  return connections.map((connection) => {
    const own = progress.get(connection.id) ?? null;
    const result = own?.phase === "done" ? resultOf(own.result) : connection.result;
    return { connection: { ...connection, result }, verdict: verdictOf(result), progress: own };
  });
}

function resultOf(result: CheckResult): CandidateResult | null {
  if (!result.ok && result.code === "cancelled") return null;
  return {
    ok: result.ok,
    code: result.ok ? null : result.code,
    field: result.ok ? null : (result.field ?? null),
    durationMs: result.ms,
    checkedAt: new Date(),
  };
}
