import type { Scope } from "@/lib/access/scope";
import { inconclusiveCodes } from "@/lib/connections/schema";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import type { Tx } from "@/lib/db/client";

/** The parts of a failure that are stored with the result and in Activity; empty for a check that passed. */
export function failureOf(result: CheckResult): { code?: string; step?: string; field?: string } {
  if (result.ok) return {};
  const { code, step, field } = result;
  return { code, step, ...(field ? { field } : {}) };
}

/**
 * Stores a result under its configuration, with the version of each secret that the check tried. A result that says
 * something about the connection also decides whether the configuration is failing.
 */
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
  if (result.ok) await tx.failingCheck.deleteMany({ where: { fabricId, configHash } });
  else if (!inconclusiveCodes.includes(result.code))
    await tx.$executeRaw`
      INSERT INTO failing_check ("fabricId", "configHash", code, "actorId", versions)
      VALUES (${fabricId}, ${configHash}, ${result.code}, ${actor.id}, ${JSON.stringify(versions)}::jsonb)
      ON CONFLICT ("fabricId", "configHash") DO UPDATE SET
        code = excluded.code, "actorId" = excluded."actorId", "checkedAt" = excluded."checkedAt", versions = excluded.versions`;
}
