import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { findSecretById } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { areEvents } from "@/lib/audit/find-events";
import { record } from "@/lib/audit/record";
import { authorityOf, withoutAuthorityVersion } from "@/lib/connectors/destination";
import type { Db, Tx } from "@/lib/db/client";

/**
 * Removes an allowed destination of a secret for an Admin, together with everything that would bring it back: the
 * allowances of a candidate, which a promotion moves to the next version; those of former versions, which an undo copies;
 * those that name another version of the same certificate authority; and what an Admin saw when they set up a rotation.
 * Throws `Refusal` 404.
 */
export async function removeDestination(
  { fabricId, teamId, actor }: Scope<"destination:write">,
  destinationId: string,
): Promise<{ id: string }> {
  return actFor(actor, async (tx) => {
    await lockDestinations(tx, fabricId, "remove");
    const row = await tx.allowedDestination.findFirst({
      where: { id: destinationId, fabricId },
      select: {
        id: true,
        destination: true,
        version: true,
        secret: { select: { id: true, name: true } },
      },
    });
    if (!row) throw new Refusal(404, "not_found", "Destination not found.");
    const { destination, version, secret } = row;
    // A promotion locks the secret first and then changes these rows. Any other order could wait forever.
    await tx.$queryRaw`SELECT FROM secret WHERE id = ${secret.id} FOR UPDATE`;
    const isSame = await samePlace(tx, fabricId, destination);
    const all = await tx.allowedDestination.findMany({
      where: { fabricId, secretId: secret.id },
      select: { id: true, destination: true, version: true },
    });
    const gone = all.filter((one) => isSame(one.destination));
    await tx.allowedDestination.deleteMany({ where: { id: { in: gone.map(({ id }) => id) } } });
    // Otherwise settling a version later would allow again what an Admin removed.
    await tx.settledVersion.createMany({
      data: [...new Set(gone.map((one) => one.version))].map((one) => ({
        ...{ secretId: secret.id, version: one, fabricId },
      })),
      skipDuplicates: true,
    });
    await tx.settledVersion.update({
      where: { secretId_version: { secretId: secret.id, version } },
      data: { removedAt: new Date() },
      select: { version: true },
    });
    const rotation = await tx.passwordRotation.findUnique({
      where: { secretId: secret.id },
      select: { destinations: true },
    });
    if (rotation)
      await tx.passwordRotation.update({
        where: { secretId: secret.id },
        data: { destinations: rotation.destinations.filter((one) => !isSame(one)) },
        select: { secretId: true },
      });
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "destination.remove",
      object: { kind: "secret", ...secret },
      details: { destination },
    });
    return { id: row.id };
  });
}

/**
 * Keeps a removal apart from transactions that allow for one version what another version may, until the transaction
 * ends: they may have read what the removal deletes. Take it before the lock of a secret.
 */
export async function lockDestinations(tx: Tx, fabricId: string, act: "remove" | "carry"): Promise<void> {
  const key = `destinations ${fabricId}`;
  await (act === "remove"
    ? tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`
    : tx.$executeRaw`SELECT pg_advisory_xact_lock_shared(hashtextextended(${key}, 0))`);
}

/**
 * Whether another destination is the same place. With a former version of a certificate authority, it is only that one:
 * removing what is left of it must not stop what the present version vouches for.
 */
async function samePlace(tx: Tx, fabricId: string, destination: string): Promise<(other: string) => boolean> {
  const named = authorityOf(destination);
  const authority = named && (await findSecretById({ fabricId }, named.id, tx));
  if (authority && authority.version !== named.version) return (other) => other === destination;
  const place = withoutAuthorityVersion(destination);
  return (other) => withoutAuthorityVersion(other) === place;
}

/** Those of these destinations that no Admin has removed from the secret since then. */
export async function notRemovedSince(
  client: Db | Tx,
  fabricId: string,
  { secretId, since }: { secretId: string; since: Date },
  destinations: readonly string[],
): Promise<string[]> {
  if (destinations.length === 0) return [];
  const rows = await client.$queryRaw<{ destination: string }[]>`
    SELECT details->>'destination' AS destination FROM audit_event
    WHERE ${areEvents("object", fabricId, [secretId], ["destination.remove"])} AND at >= ${since}`;
  const removed = new Set(rows.map(({ destination }) => withoutAuthorityVersion(destination)));
  return destinations.filter((one) => !removed.has(withoutAuthorityVersion(one)));
}
