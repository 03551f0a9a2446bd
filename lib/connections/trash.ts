import "server-only";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db, isUniqueViolation, type Prisma, type Tx } from "@/lib/db/client";
import { withinQuotas } from "@/lib/quotas/require-room";
import { fail, NotFound, ok, type Result } from "@/lib/result";

type Writer = Scope<"connection:write">;

/**
 * Moves a connection with its references from the table of connections to the trash. The caller has locked it.
 * Postgres sets the time.
 */
export async function moveToTrash(tx: Tx, { actor }: Pick<Writer, "actor">, id: string): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO trashed_connection (id, "fabricId", name, "nameKey", kind, description, properties, "configHash", "isWarehouse",
      "placedAt", "createdAt", "createdById", "createdByName", "deletedById", "deletedByName")
    SELECT id, "fabricId", name, "nameKey", kind, description, properties, "configHash", "warehouseOf" IS NOT NULL,
      "placedAt", "createdAt", "createdById", "createdByName", ${actor.id}, ${actor.name}
    FROM connection WHERE id = ${id}`;
  await tx.$executeRaw`
    INSERT INTO trashed_connection_secret ("connectionId", field, "secretId")
    SELECT "connectionId", field, "secretId" FROM connection_secret WHERE "connectionId" = ${id}`;
  await tx.connection.delete({ where: { id }, select: { id: true } });
}

/**
 * Takes a connection out of the trash: the same settings, references and limits of tokens as before. Without `name`,
 * it gets its own name back; returns `name_taken` if another connection has it now.
 * Returns `secret_in_trash` with the names of the secrets that must be restored first. A connection that was the SQL
 * warehouse is an ordinary one if the fabric has another warehouse now. Throws `NotFound` and `QuotaExceeded`.
 */
export async function restoreConnection(
  scope: Writer,
  { connectionId: id, name: newName }: { connectionId: string; name?: string | undefined },
): Promise<Result<{ id: string; name: string }, "name_taken" | "secret_in_trash">> {
  const { fabricId } = scope;
  let name = newName ?? "";
  try {
    return await db.$transaction(async (tx) => {
      const trashed = await tx.trashedConnection.findFirst({
        where: { id, fabricId },
        include: { secrets: { select: { field: true, secretId: true } } },
      });
      if (!trashed) throw new NotFound("Connection not found in the trash.");
      name = newName ?? trashed.name;
      const waitsFor = await lockSecrets(tx, trashed.secrets);
      if (waitsFor.length > 0) return fail("secret_in_trash", { secrets: waitsFor.join(", ") });
      const { count } = await tx.trashedConnection.deleteMany({ where: { id, fabricId } });
      if (count === 0) throw new NotFound("Connection not found in the trash.");
      await withinQuotas(scope, { connections: 1 }, () => putBack(tx, scope, trashed, name), tx);
      return ok({ id, name });
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return fail("name_taken", { name: `“${name}” is taken by another connection of this fabric.` });
  }
}

/**
 * Locks the referenced secrets against deletion until the transaction ends. Returns the names of those in the trash.
 */
async function lockSecrets(tx: Tx, references: readonly { secretId: string }[]): Promise<string[]> {
  const ids = references.map(({ secretId }) => secretId);
  const rows = await tx.$queryRaw<{ name: string; isDeleted: boolean }[]>`
    SELECT name, "deletedAt" IS NOT NULL AS "isDeleted" FROM secret WHERE id = ANY(${ids}) ORDER BY id FOR SHARE`;
  return rows.flatMap(({ name, isDeleted }) => (isDeleted ? [name] : []));
}

type Trashed = Prisma.TrashedConnectionGetPayload<{
  include: { secrets: { select: { field: true; secretId: true } } };
}>;

/** Throws a unique violation when the name is taken. */
async function putBack(tx: Tx, scope: Writer, trashed: Trashed, name: string): Promise<void> {
  const { actor, teamId, fabricId } = scope;
  const { id, kind, description, configHash, placedAt, createdAt, createdById, createdByName } = trashed;
  const editor = { updatedAt: new Date(), updatedById: actor.id, updatedByName: actor.name };
  await tx.connection.create({
    data: {
      ...{ id, fabricId, name, nameKey: name.toLowerCase(), kind, description, configHash },
      properties: trashed.properties as Prisma.InputJsonObject,
      warehouseOf: trashed.isWarehouse && (await hasNoWarehouse(tx, fabricId)) ? fabricId : null,
      ...{ placedAt, createdAt, createdById, createdByName, ...editor },
    },
    select: { id: true },
  });
  await tx.connectionSecret.createMany({
    data: trashed.secrets.map((reference) => ({ connectionId: id, fabricId, ...reference })),
  });
  await record(tx, {
    ...{ actor, teamId, fabricId },
    action: "connection.restore",
    object: { kind: "connection", id, name },
    details: name === trashed.name ? {} : { from: trashed.name, to: name },
  });
}

/** Locks the fabric, so that no other connection becomes its warehouse until the transaction ends. */
async function hasNoWarehouse(tx: Tx, fabricId: string): Promise<boolean> {
  await tx.$executeRaw`SELECT FROM fabric WHERE id = ${fabricId} FOR NO KEY UPDATE`;
  return (await tx.connection.count({ where: { warehouseOf: fabricId } })) === 0;
}
