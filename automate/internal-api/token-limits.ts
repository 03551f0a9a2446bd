import { Refusal } from "@/automate/http/error";
import { findReferences } from "@/automate/secrets/connection-pins";
import type { ConnectionPins } from "@/lib/access/restriction";
import type { Tx } from "@/lib/db/client";
import type { TokenLimits } from "@/lib/internal-api/bodies/pipeline-token";

/**
 * Returns the requested limits, none by default, with pins: the secrets that the named connections reference
 * now. Throws `Refusal` 404 unless all named secrets and connections are in the fabric.
 */
export async function requireLimits(
  tx: Tx,
  fabricId: string,
  limits: TokenLimits = { secretIds: [], connectionIds: [], cidrs: [] },
): Promise<TokenLimits & { pins: ConnectionPins }> {
  if (!(await areInFabric(tx, { ...limits, fabricId })))
    throw new Refusal(404, "not_found", "Secret or connection not found in this fabric.");
  return { ...limits, pins: await findReferences(tx, fabricId, limits.connectionIds) };
}

/** True when all of these are in the fabric. Each id must be listed once. */
async function areInFabric(
  tx: Tx,
  { fabricId, secretIds, connectionIds }: { fabricId: string; secretIds: string[]; connectionIds: string[] },
): Promise<boolean> {
  const secrets = await tx.secret.count({ where: { id: { in: secretIds }, fabricId, deletedAt: null } });
  const connections = await tx.connection.count({ where: { id: { in: connectionIds }, fabricId } });
  return secrets === secretIds.length && connections === connectionIds.length;
}
