import type { Scope } from "@/lib/access/scope";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import type { Tx } from "@/lib/db/client";

/** The parts of a failure that are stored with the result and in Activity; empty for a check that passed. */
export function failureOf(result: CheckResult): { code?: string; step?: string; field?: string } {
  if (result.ok) return {};
  const { code, step, field } = result;
  return { code, step, ...(field ? { field } : {}) };
}

/** Stores a result under its configuration, with the version of each secret that the check tried. */
export async function storeResult(
  tx: Tx,
  { fabricId, actor }: Scope<"connection:check">,
  configHash: string,
  result: CheckResult,
  versions: Record<string, number>,
): Promise<void> {
  const by = { actorId: actor.id, actorName: actor.name };
  await tx.connectionCheck.create({
    data: {
      fabricId,
      configHash,
      ok: result.ok,
      durationMs: result.ms,
      versions,
      ...by,
      ...failureOf(result),
    },
    select: { id: true },
  });
}
