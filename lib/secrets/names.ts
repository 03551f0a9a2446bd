import "server-only";
import { allows } from "@/lib/access/policy";
import { db, type Tx } from "@/lib/db/client";
import { fail } from "@/lib/result";
import type { Writer } from "@/lib/secrets/write";

/**
 * Whether the actor may take the name of any secret in the trash. Everybody may take those of their own secrets:
 * otherwise a colleague could answer the pipelines that still ask for a deleted secret.
 */
export function takesAnyTrashedName({ role }: Pick<Writer, "role">): boolean {
  return allows(role, "secret:restore");
}

/** Frees a name that a secret in the trash has, if the actor may take it. The caller then stores it. */
export async function freeTrashedName(
  tx: Tx,
  scope: Pick<Writer, "fabricId" | "actor" | "role">,
  nameKey: string,
): Promise<void> {
  // Waits for a restore of the secret that has the name, and then looks again.
  await tx.$executeRaw`
    WITH holder AS (
      SELECT s.id FROM secret_name n JOIN secret s ON s.id = n."secretId"
      WHERE n."fabricId" = ${scope.fabricId} AND n."nameKey" = ${nameKey} AND s."deletedAt" IS NOT NULL
        AND (${takesAnyTrashedName(scope)} OR s."createdById" = ${scope.actor.id})
      FOR UPDATE OF s
    )
    DELETE FROM secret_name
    WHERE "fabricId" = ${scope.fabricId} AND "nameKey" = ${nameKey} AND "secretId" IN (SELECT id FROM holder)`;
}

/** The failure for a name that another secret of the fabric has or had, in the trash or not. */
export async function nameTaken({ fabricId }: Pick<Writer, "fabricId">, name: string) {
  const holder = await db.secretName.findUnique({
    where: { fabricId_nameKey: { fabricId, nameKey: name.toLowerCase() } },
    select: { secret: { select: { deletedAt: true, createdByName: true } } },
  });
  const isInTrash = holder !== null && holder.secret.deletedAt !== null;
  return fail("name_taken", {
    name: isInTrash
      ? `“${name}” is a name of a secret in the trash. ${holder.secret.createdByName}, who created it, or an Admin can use the name.`
      : `“${name}” is already a name or a former name of a secret in this fabric.`,
  });
}
