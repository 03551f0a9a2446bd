import type { Scope } from "@/lib/access/scope";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import type { Tx } from "@/lib/db/client";

/** What a failure is kept as, with the result and in Activity; nothing for a check that passed. */
export function failureOf(result: CheckResult): { code?: string; step?: string; field?: string } {
  if (result.ok) return {};
  const { code, step, field } = result;
  return { code, step, ...(field ? { field } : {}) };
}

/** Keeps a result under the configuration that it speaks of, with the version of each secret that was tried. */
export async function keepResult(
  tx: Tx,
  { fabricId, actor }: Scope<"connection:check">,
  configHash: string,
  result: CheckResult,
  versions: Record<string, number>,
): Promise<void> {
  const by = { actorId: actor.id, actorName: actor.name };
  await tx.connectionCheck.create({
    data: { fabricId, configHash, ok: result.ok, tookMs: result.ms, versions, ...by, ...failureOf(result) },
    select: { id: true },
  });
}
