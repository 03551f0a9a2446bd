import { randomUUID } from "node:crypto";
import { claimLeases, releaseLeases } from "@/automate/checks/leases";
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
 * Destroys the deleted fabrics whose time is over, by the database's clock. Of several copies of automate, one
 * destroys a fabric. After a crash, the next call continues.
 */
export async function destroyDeletedFabrics(): Promise<void> {
  const due = await db.$queryRaw<Fabric[]>`
    SELECT f.id, f.name, f."teamId" FROM fabric_deletion d JOIN fabric f ON f.id = d."fabricId"
    WHERE d."destroyAt" <= now() ORDER BY d."destroyAt" LIMIT 100`;
  for (const fabric of due) {
    const holder = randomUUID();
    try {
      if (!(await claimLeases(holder, [`fabric:${fabric.id}`]))) continue;
      await deleteContents(fabric.id);
      await db.$transaction((tx) => destroyFabric(tx, fabric, systemActor));
    } finally {
      await releaseLeases(holder);
    }
  }
}

/** Deletes in batches what may be much, in the order of the foreign keys. */
async function deleteContents(fabricId: string): Promise<void> {
  await inBatches(
    () => db.$executeRaw`
      DELETE FROM connection WHERE id IN (SELECT id FROM connection WHERE "fabricId" = ${fabricId} LIMIT ${rowsAtOnce})`,
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
    await db.secret.deleteMany({ where: { id: { in: ids } } });
  }
  await inBatches(
    () => db.$executeRaw`
      DELETE FROM connection_check WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM connection_check WHERE "fabricId" = ${fabricId} LIMIT ${rowsAtOnce}))`,
  );
}

async function inBatches(deleteSome: () => Promise<number>): Promise<void> {
  while ((await deleteSome()) > 0);
}

/**
 * Destroys a fabric with its keys and what is left of its contents: without its keys, nothing sealed to it can
 * ever be opened. Its audit events stay.
 */
export async function destroyFabric(tx: Tx, { id, name, teamId }: Fabric, actor: Actor): Promise<void> {
  const ofFabric = { where: { fabricId: id } };
  await tx.connectionSecret.deleteMany(ofFabric);
  await tx.connection.deleteMany(ofFabric);
  await tx.secret.deleteMany(ofFabric);
  await tx.connectionCheck.deleteMany(ofFabric);
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
