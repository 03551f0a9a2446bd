import { randomUUID } from "node:crypto";
import { claimLeases, endLease, releaseLeases, renewLease } from "@/automate/checks/leases";
import { systemActor } from "@/lib/access/system-actor";
import type { Actor } from "@/lib/actor";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";

type Fabric = { id: string; name: string; teamId: string };

/** How many rows one statement deletes. All of a large fabric at once would exceed the statement timeout. */
const rowsAtOnce = 2_000;
/** Files can be large, so fewer secrets at once. */
const secretsAtOnce = 200;

/**
 * Destroys the deleted fabrics whose time has passed, by the database's clock. Of several copies of automate, one
 * destroys a fabric. After a crash, the next call continues. A fabric that fails does not stop the others.
 */
export async function destroyDeletedFabrics(): Promise<void> {
  const due = await db.$queryRaw<Fabric[]>`
    SELECT f.id, f.name, f."teamId" FROM fabric_deletion d JOIN fabric f ON f.id = d."fabricId"
    WHERE d."destroyAt" <= now() ORDER BY d."destroyAt" LIMIT 100`;
  const failures: unknown[] = [];
  for (const fabric of due) await destroyDeleted(fabric).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function destroyDeleted(fabric: Fabric): Promise<void> {
  const holder = randomUUID();
  const key = `fabric:${fabric.id}`;
  try {
    if (!(await claimLeases(holder, [key])) || !(await isDue(fabric.id))) return;
    await deleteContents(fabric.id, async () => {
      if (!(await renewLease(holder, key))) throw new LeaseLost();
    });
    await db.$transaction(async (tx) => {
      if (await endLease(tx, holder, key)) await destroyFabric(tx, fabric, systemActor);
    });
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
  } finally {
    await releaseLeases(holder);
  }
}

/** Another copy of automate destroys the fabric. */
class LeaseLost extends Error {
  override name = "LeaseLost";
}

/**
 * True when nobody can undo the deletion any more. Waits for an undo that is being committed, and then looks: an
 * undo compares the clock after it has locked the fabric.
 */
function isDue(fabricId: string): Promise<boolean> {
  return db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT FROM fabric WHERE id = ${fabricId} FOR UPDATE`;
    const due = await tx.$queryRaw<unknown[]>`
      SELECT FROM fabric_deletion WHERE "fabricId" = ${fabricId} AND "destroyAt" <= clock_timestamp()`;
    return due.length > 0;
  });
}

/**
 * Deletes in batches what may be much, in the order of the foreign keys. Before each batch, `keepLease` renews the
 * lease, or throws.
 */
async function deleteContents(fabricId: string, keepLease: () => Promise<void>): Promise<void> {
  const inBatches = async (deleteSome: () => Promise<number>) => {
    do await keepLease();
    while ((await deleteSome()) > 0);
  };
  await inBatches(
    () => db.$executeRaw`
      DELETE FROM connection WHERE id IN (SELECT id FROM connection WHERE "fabricId" = ${fabricId} LIMIT ${rowsAtOnce})`,
  );
  await inBatches(
    () => db.$executeRaw`
      DELETE FROM trashed_connection
      WHERE id IN (SELECT id FROM trashed_connection WHERE "fabricId" = ${fabricId} LIMIT ${rowsAtOnce})`,
  );
  for (;;) {
    const secrets = await db.secret.findMany({
      where: { fabricId },
      select: { id: true },
      take: secretsAtOnce,
    });
    if (secrets.length === 0) break;
    const ids = secrets.map(({ id }) => id);
    await inBatches(
      () => db.$executeRaw`
        DELETE FROM secret_field WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM secret_field WHERE "secretId" = ANY(${ids}) LIMIT ${rowsAtOnce}))`,
    );
    await inBatches(
      () => db.$executeRaw`
        DELETE FROM secret_version WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM secret_version WHERE "secretId" = ANY(${ids}) LIMIT ${rowsAtOnce}))`,
    );
    // Also those of other fabrics, which only somebody with web's own login can have stored.
    await db.connectionSecret.deleteMany({ where: { secretId: { in: ids } } });
    await db.trashedConnectionSecret.deleteMany({ where: { secretId: { in: ids } } });
    await db.trashedSecret.deleteMany({ where: { secretId: { in: ids } } });
    await db.secret.deleteMany({ where: { id: { in: ids } } });
  }
  await inBatches(
    () => db.$executeRaw`
      DELETE FROM connection_check WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM connection_check WHERE "fabricId" = ${fabricId} LIMIT ${rowsAtOnce}))`,
  );
}

/**
 * Destroys a fabric with its keys and what is left of its contents: without its keys, nothing sealed to it can
 * ever be opened. Its audit events stay.
 */
export async function destroyFabric(tx: Tx, { id, name, teamId }: Fabric, actor: Actor): Promise<void> {
  const ofFabric = { where: { fabricId: id } };
  // Nobody stores a row of this fabric, or a value under its keys, until the transaction ends.
  await tx.$executeRaw`SELECT FROM fabric WHERE id = ${id} FOR UPDATE`;
  await tx.$executeRaw`SELECT FROM fabric_key WHERE "fabricId" = ${id} FOR UPDATE`;
  // With the rows of other fabrics that refer to this one. Only somebody with web's own login can have stored them,
  // and they would keep its keys.
  await tx.$executeRaw`
    DELETE FROM secret_field WHERE kid IN (SELECT kid FROM fabric_key WHERE "fabricId" = ${id})`;
  await tx.$executeRaw`
    DELETE FROM connection_secret
    WHERE "fabricId" = ${id} OR "secretId" IN (SELECT id FROM secret WHERE "fabricId" = ${id})`;
  await tx.connection.deleteMany(ofFabric);
  await tx.trashedConnection.deleteMany(ofFabric);
  await tx.trashedConnectionSecret.deleteMany({ where: { secret: ofFabric.where } });
  await tx.trashedSecret.deleteMany({ where: { secret: ofFabric.where } });
  await tx.secret.deleteMany(ofFabric);
  await tx.connectionCheck.deleteMany(ofFabric);
  await tx.failingCheck.deleteMany(ofFabric);
  await tx.signInAttempt.deleteMany(ofFabric);
  await tx.pipelineToken.deleteMany(ofFabric);
  await tx.trustedIssuer.deleteMany(ofFabric);
  await tx.fabricKey.deleteMany(ofFabric);
  const { count } = await tx.fabric.deleteMany({ where: { id } });
  if (count === 0) return;
  await record(tx, {
    actor,
    teamId,
    fabricId: id,
    action: "fabric.destroy",
    object: { kind: "fabric", id, name },
  });
}
