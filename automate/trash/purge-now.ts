import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import type { Tx } from "@/lib/db/client";

type Purger = Scope<"trash:purge">;

/** The names of the connections in the trash that reference a secret in the trash. They must be purged first. */
export async function usersInTrash(tx: Tx, { fabricId }: Purger, secretId: string): Promise<string[]> {
  const rows = await tx.trashedConnection.findMany({
    where: { fabricId, secrets: { some: { secretId } } },
    orderBy: { nameKey: "asc" },
    take: 20,
    select: { name: true },
  });
  return rows.map(({ name }) => name);
}

/**
 * Destroys a secret in the trash with its values. False when it is not there: of a restore and a purge, the first to
 * delete its row in `trashed_secret` wins.
 */
export async function purgeSecretNow(
  tx: Tx,
  { actor, teamId, fabricId }: Purger,
  id: string,
): Promise<boolean> {
  const { count } = await tx.trashedSecret.deleteMany({ where: { secretId: id, fabricId } });
  const secret = await tx.secret.findFirst({
    where: { id, fabricId, deletedAt: { not: null } },
    select: { id: true, name: true },
  });
  if (count === 0 || !secret) return false;
  await tx.secret.delete({ where: { id }, select: { id: true } });
  const object = { kind: "secret", ...secret } as const;
  await record(tx, { actor, teamId, fabricId, action: "secret.purge", object });
  return true;
}

/** Deletes a connection in the trash. False when it is not there. */
export async function purgeConnectionNow(
  tx: Tx,
  { actor, teamId, fabricId }: Purger,
  id: string,
): Promise<boolean> {
  const row = await tx.trashedConnection.findFirst({
    where: { id, fabricId },
    select: { id: true, name: true },
  });
  const { count } = await tx.trashedConnection.deleteMany({ where: { id, fabricId } });
  if (count === 0 || !row) return false;
  const object = { kind: "connection", ...row } as const;
  await record(tx, { actor, teamId, fabricId, action: "connection.purge", object });
  return true;
}
