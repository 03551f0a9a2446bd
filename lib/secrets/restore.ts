import "server-only";
import { allows } from "@/lib/access/policy";
import { refusedAct } from "@/lib/access/refused-act";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db, isUniqueViolation, type Tx } from "@/lib/db/client";
import { withinQuotas } from "@/lib/quotas/require-room";
import { Forbidden, NotFound, ok, type Result } from "@/lib/result";
import { freeTrashedName, nameTaken } from "@/lib/secrets/names";
import { editor, entry } from "@/lib/secrets/write";

type Restorer = Scope<"secret:restore:own">;

/**
 * Takes a secret out of the trash, with its versions, destinations and former names, or does nothing. Without
 * `name`, it gets its own name back; returns `name_taken` if another secret has it now.
 * An Admin may restore any secret, a User only one that they created and deleted themselves. Throws `NotFound` for a
 * secret that is not in the trash, and `QuotaExceeded`.
 */
export async function restoreSecret(
  scope: Restorer,
  { secretId, name }: { secretId: string; name?: string | undefined },
): Promise<Result<{ id: string; name: string }, "name_taken">> {
  let wanted = name ?? "";
  try {
    return await db.$transaction(async (tx) => {
      const trashed = await takeOut(tx, scope, secretId);
      wanted = name ?? trashed.name;
      const restore = () => putBack(tx, scope, trashed, wanted);
      await withinQuotas(scope, { secrets: 1 }, restore, tx);
      return ok({ id: secretId, name: wanted });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return nameTaken(scope, wanted);
    throw error;
  }
}

type Trashed = { id: string; name: string };

/**
 * Deletes the row that keeps the secret in the trash. Of a restore and a purge, the first to delete it wins, so this
 * comes before the lock of the secret.
 */
async function takeOut(tx: Tx, scope: Restorer, secretId: string): Promise<Trashed> {
  const [deletion] = await tx.$queryRaw<{ deletedById: string }[]>`
    DELETE FROM trashed_secret WHERE "secretId" = ${secretId} AND "fabricId" = ${scope.fabricId}
    RETURNING "deletedById"`;
  const [secret] = await tx.$queryRaw<(Trashed & { createdById: string })[]>`
    SELECT id, name, "createdById" FROM secret
    WHERE id = ${secretId} AND "fabricId" = ${scope.fabricId} AND "deletedAt" IS NOT NULL FOR UPDATE`;
  if (!deletion || !secret) throw new NotFound("Secret not found in the trash.");
  const { actor, role, teamId, fabricId } = scope;
  const isOwn = secret.createdById === actor.id && deletion.deletedById === actor.id;
  if (!isOwn && !allows(role, "secret:restore"))
    refusedAct(
      new Forbidden("Only an Admin may restore a secret that somebody else created or deleted."),
      actor,
      { kind: "fabric", id: fabricId, name: "", teamId },
      "secret:restore",
    );
  return secret;
}

/** Throws a unique violation when the name is taken. */
async function putBack(tx: Tx, scope: Restorer, { id, name: from }: Trashed, name: string): Promise<void> {
  const { fabricId } = scope;
  const nameKey = name.toLowerCase();
  const kept = await tx.secretName.updateMany({
    where: { fabricId, nameKey, secretId: id },
    data: { name, retiredAt: null },
  });
  if (kept.count === 0) {
    await freeTrashedName(tx, scope, nameKey);
    await tx.secretName.create({
      data: { fabricId, nameKey, name, secretId: id },
      select: { secretId: true },
    });
  }
  await tx.secretName.updateMany({
    where: { fabricId, secretId: id, nameKey: { not: nameKey }, retiredAt: null },
    data: { retiredAt: new Date() },
  });
  await tx.secret.update({
    where: { id },
    data: { deletedAt: null, name, nameKey, ...editor(scope) },
    select: { id: true },
  });
  await record(tx, entry(scope, "secret.restore", { id, name }, name === from ? {} : { from, to: name }));
}
