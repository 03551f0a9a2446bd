import { Refusal } from "@/automate/http/error";
import { findReferences } from "@/automate/secrets/connection-pins";
import type { ConnectionPins } from "@/lib/access/restriction";
import type { Tx } from "@/lib/db/client";
import type { TokenLimits } from "@/lib/internal-api/bodies/pipeline-token";

/**
 * The limits that web asks for, none when it asks for none, with the secrets that their connections reference now as pins.
 * Throws `Refusal` 404 unless the fabric has each thing that they name.
 */
export async function requireLimits(
  tx: Tx,
  fabricId: string,
  limits: TokenLimits = { secretIds: [], connectionIds: [], cidrs: [] },
): Promise<TokenLimits & { pins: ConnectionPins }> {
  if (!(await areThere(tx, { ...limits, fabricId })))
    throw new Refusal(404, "not_found", "There is no such thing here.");
  return { ...limits, pins: await findReferences(tx, fabricId, limits.connectionIds) };
}

/** True when the fabric has all of these, each named once. */
async function areThere(
  tx: Tx,
  { fabricId, secretIds, connectionIds }: { fabricId: string; secretIds: string[]; connectionIds: string[] },
): Promise<boolean> {
  const secrets = await tx.secret.count({ where: { id: { in: secretIds }, fabricId, deletedAt: null } });
  const connections = await tx.connection.count({ where: { id: { in: connectionIds }, fabricId } });
  return secrets === secretIds.length && connections === connectionIds.length;
}
