import type { CheckPool } from "@/automate/checks/pool";
import type { PreparedCheck } from "@/automate/checks/prepare-check";
import type { Scope } from "@/lib/access/scope";
import { type CheckEvent, type CheckResult, resultWithoutCheck } from "@/lib/connectors/check-protocol";
import { automateEnv } from "@/lib/env";
import type { ReachJob } from "@/worker/protocol";

type Request = {
  scope: Scope<"connection:check">;
  prepared: PreparedCheck;
  /** The credential fields whose destinations are new. */
  fields: readonly string[];
  report: (event: CheckEvent) => void;
  signal: AbortSignal;
};

/**
 * Reaches the servers of a check by name, network and TLS. Its worker receives no value, so the destinations need
 * not be allowed yet. A result that is ok means that the sign-in would be next.
 */
export function createReach(pool: CheckPool) {
  return async ({ scope, prepared, fields, report, signal }: Request): Promise<CheckResult> => {
    const request = { fabricId: scope.fabricId, actorId: scope.actor.id, keys: [] };
    const slot = await pool.slot(request, (ahead) => report({ type: "queued", ahead }), signal);
    if (slot === null) return resultWithoutCheck(signal.aborted ? "cancelled" : "busy");
    try {
      const { connector, properties } = prepared;
      const destinations = prepared.destinations.filter(({ secretFields }) =>
        secretFields.some((field) => fields.includes(field)),
      );
      const { EGRESS_ALLOW: egressAllow } = automateEnv();
      const job: ReachJob = { kind: connector.kind, properties, destinations, egressAllow };
      return await pool.run(job, (event) => event.type === "step" && report(event), signal);
    } finally {
      slot.release();
    }
  };
}

export type Reach = ReturnType<typeof createReach>;
