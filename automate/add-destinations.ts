import type { UsableSecret } from "@/automate/current-secret";
import { type AuditEntry, record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db";

/** In whose name something is allowed. */
export type Author = Pick<AuditEntry, "actor"> & { fabricId: string; teamId: string };

/**
 * Allows destinations for a version of a secret, with their audit event. Requests for exactly these have their answer. What an
 * upgrade allowed and nobody has reviewed stays to be reviewed where it is carried along, and is reviewed where it is allowed.
 */
export async function addDestinations(
  tx: Tx,
  { fabricId, teamId, actor }: Author,
  { id, name, version }: Pick<UsableSecret, "id" | "name" | "version">,
  destinations: readonly string[],
  action: "destination.allow" | "destination.carry" | "destination.review",
  { reason, toReview }: { reason?: string | undefined; toReview?: ReadonlyMap<string, string | null> } = {},
): Promise<void> {
  const by = { createdById: actor.id, createdByName: actor.name };
  await tx.allowedDestination.createMany({
    data: destinations.map((destination) => ({
      fabricId,
      secretId: id,
      version,
      destination,
      toReview: toReview?.get(destination) ?? null,
      ...by,
    })),
    skipDuplicates: true,
  });
  if (action !== "destination.carry")
    await tx.allowedDestination.updateMany({
      where: { secretId: id, version, destination: { in: [...destinations] }, toReview: { not: null } },
      data: { toReview: null, ...by },
    });
  await tx.$executeRaw`
    UPDATE destination_request
    SET decision = 'allowed', "decidedAt" = clock_timestamp(), "decidedByName" = ${actor.name}
    WHERE "secretId" = ${id} AND version = ${version} AND decision IS NULL
      AND destinations <@ ARRAY(
        SELECT destination FROM allowed_destination WHERE "secretId" = ${id} AND version = ${version})`;
  await record(tx, {
    actor,
    teamId,
    fabricId,
    action,
    object: { kind: "secret", id, name },
    details: { destination: destinations, version, ...(reason === undefined ? {} : { reason }) },
  });
}
