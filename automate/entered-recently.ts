import type { CurrentSecret } from "@/automate/current-secret";
import { freshForMs } from "@/lib/access/policy";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db";

/**
 * True for a person; for one of their access tokens when the token itself entered the current value of each of these secrets
 * within the last ten minutes. A script makes a secret and its connection in one go; whoever steals a token would otherwise send
 * values that its owner entered long ago to a place of their own.
 */
export async function mayNamePlaces(
  { actor, fabricId }: Pick<Scope<"connection:check">, "actor" | "fabricId">,
  secrets: readonly CurrentSecret[],
): Promise<boolean> {
  if (actor.kind !== "user" || actor.accessToken === undefined) return true;
  const since = new Date(Date.now() - freshForMs);
  for (const { id, version } of new Set(secrets)) {
    const rows = await db.$queryRaw<unknown[]>`
      SELECT 1 FROM audit_event
      WHERE "fabricId" = ${fabricId} AND "objectId" = ${id} AND "actorId" = ${actor.id} AND at > ${since}
        AND action IN ('secret.create', 'secret.replace') AND details->>'accessToken' = ${actor.accessToken}
        AND coalesce((details->>'version')::int, 1) = ${version}
      LIMIT 1`;
    if (rows.length === 0) return false;
  }
  return true;
}
