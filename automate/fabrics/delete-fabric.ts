import { endTokens } from "@/automate/fabrics/end-tokens";
import { Refusal } from "@/automate/http/error";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { isUniqueViolation, type Tx } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";
import type { RestoreFabricBody } from "@/lib/internal-api/bodies/fabric-deletion";

/**
 * Deletes a fabric: ends its pipeline tokens and trusted issuers for good, and puts it out of reach. Its keys and
 * rows stay until `destroyAt`, which is returned. Its name is free at once.
 */
export async function deleteFabric(
  tx: Tx,
  { fabricId, teamId, actor }: Scope<"fabric:delete">,
): Promise<Date> {
  const name = await lockFabric(tx, fabricId);
  const hours = automateEnv().FABRIC_DELETION_DAYS * 24;
  const [deletion] = await tx.$queryRaw<{ destroyAt: Date }[]>`
    INSERT INTO fabric_deletion ("fabricId", "requestedById", "requestedByName", "destroyAt")
    VALUES (${fabricId}, ${actor.id}, ${actor.name}, now() + make_interval(hours => ${hours}::int))
    ON CONFLICT DO NOTHING RETURNING "destroyAt"`;
  // Somebody else deleted it after this scope was granted.
  if (!deletion) throw new Refusal(404, "not_found", "Fabric not found.");
  const { destroyAt } = deletion;
  await tx.fabric.update({
    where: { id: fabricId },
    data: { nameKey: nameKeyOfDeleted(fabricId), accessEpoch: { increment: 1 } },
    select: { id: true },
  });
  await endTokens(tx, { fabricId, teamId, actor });
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action: "fabric.delete",
    object: { kind: "fabric", id: fabricId, name },
    details: { destroyAt: destroyAt.toISOString() },
  });
  return destroyAt;
}

/** Why a deletion was not undone. */
export class NotRestored extends Error {
  constructor(readonly problem: "name_taken" | "too_late") {
    super(problem);
  }
}

/**
 * Undoes a deletion: the fabric is there again with its secrets, connections and settings. Throws `NotRestored`
 * when another fabric took its name, or when it is being destroyed.
 */
export async function restoreFabric(
  tx: Tx,
  { fabricId, teamId, actor }: Scope<"fabric:restore">,
  { name: newName }: RestoreFabricBody,
): Promise<void> {
  const formerName = await lockFabric(tx, fabricId);
  const name = newName ?? formerName;
  // By the database's clock, as the destruction: only one of both can happen. Not by the start of the transaction,
  // which may have waited.
  const undone = await tx.$executeRaw`
    DELETE FROM fabric_deletion WHERE "fabricId" = ${fabricId} AND "destroyAt" > clock_timestamp()`;
  if (undone === 0) throw new NotRestored("too_late");
  await tx.fabric
    .update({
      where: { id: fabricId },
      data: { name, nameKey: name.toLowerCase() },
      select: { id: true },
    })
    .catch((error: unknown) => {
      throw isUniqueViolation(error) ? new NotRestored("name_taken") : error;
    });
  // Those that were being created while the fabric was deleted.
  await endTokens(tx, { fabricId, teamId, actor });
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action: "fabric.restore",
    object: { kind: "fabric", id: fabricId, name },
    ...(name === formerName ? {} : { details: { from: formerName, to: name } }),
  });
}

/** Locks the fabric against another deletion, undo or destruction. Returns its name. */
async function lockFabric(tx: Tx, fabricId: string): Promise<string> {
  const [fabric] = await tx.$queryRaw<{ name: string }[]>`
    SELECT name FROM fabric WHERE id = ${fabricId} FOR UPDATE`;
  if (!fabric) throw new Refusal(404, "not_found", "Fabric not found.");
  return fabric.name;
}

/** No name contains a control character, so this takes no name from another fabric of the team. */
function nameKeyOfDeleted(fabricId: string): string {
  return `\u007f${fabricId}`;
}
