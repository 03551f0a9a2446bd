import { systemActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";

type Due = { id: string; name: string; fabricId: string; teamId: string };

/** How many one call purges of secrets and of connections. The next call continues. */
const atOnce = 1000;
/**
 * The most connections in the trash of one fabric; the oldest are purged earlier. Secrets need no limit of their own:
 * their stored values count in a quota until they are purged.
 */
export const maxTrashedConnections = 1000;

/**
 * Purges the secrets and connections that have been in the trash for the configured days, by the database's clock.
 * Of a purge and a restore, only one happens. One that fails does not stop the others.
 */
export async function purgeTrash(): Promise<void> {
  await dateDeletedSecrets();
  const days = automateEnv().TRASH_DAYS;
  const failures: unknown[] = [];
  const each = async (due: Due[], purgeOne: (one: Due) => Promise<void>) => {
    for (const one of due) await purgeOne(one).catch((error: unknown) => failures.push(error));
  };
  // A secret waits for the connections that reference it.
  await each(await connectionsToPurge(days), purgeConnection);
  await each(await dueSecrets(days), (one) => purgeSecret(one, days));
  if (failures.length > 0) throw failures[0];
}

/**
 * Gives deleted secrets without a date their whole time from now: a copy of an earlier version deleted them, or
 * somebody with web's login, who could have stated an earlier time. A date of a secret that is not deleted is dropped:
 * it would count from before the deletion. A secret that is being purged is left out.
 */
async function dateDeletedSecrets(): Promise<void> {
  await db.$executeRaw`
    DELETE FROM trashed_secret t USING secret s WHERE s.id = t."secretId" AND s."deletedAt" IS NULL`;
  await db.$executeRaw`
    INSERT INTO trashed_secret ("secretId", "fabricId", "deletedById", "deletedByName")
    SELECT id, "fabricId", "updatedById", "updatedByName" FROM secret s
    WHERE "deletedAt" IS NOT NULL AND NOT EXISTS (SELECT FROM trashed_secret WHERE "secretId" = s.id)
    FOR KEY SHARE OF s SKIP LOCKED
    ON CONFLICT DO NOTHING`;
}

function connectionsToPurge(days: number): Promise<Due[]> {
  return db.$queryRaw<Due[]>`
    SELECT c.id, c.name, c."fabricId", f."teamId"
    FROM (
      SELECT id, name, "fabricId", "deletedAt",
        row_number() OVER (PARTITION BY "fabricId" ORDER BY "deletedAt" DESC, id DESC) AS rank
      FROM trashed_connection
    ) c JOIN fabric f ON f.id = c."fabricId"
    WHERE c."deletedAt" <= now() - make_interval(days => ${days}::int) OR c.rank > ${maxTrashedConnections}::int
    ORDER BY c."deletedAt" LIMIT ${atOnce}::int`;
}

async function purgeConnection({ id, name, fabricId, teamId }: Due): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.trashedConnection.deleteMany({ where: { id } });
    if (count === 0) return;
    await record(tx, {
      ...{ actor: systemActor, teamId, fabricId },
      action: "connection.purge",
      object: { kind: "connection", id, name },
    });
  });
}

function dueSecrets(days: number): Promise<Due[]> {
  return db.$queryRaw<Due[]>`
    SELECT s.id, s.name, s."fabricId", f."teamId"
    FROM trashed_secret t JOIN secret s ON s.id = t."secretId" JOIN fabric f ON f.id = s."fabricId"
    WHERE t."deletedAt" <= now() - make_interval(days => ${days}::int)
      AND NOT EXISTS (SELECT FROM trashed_connection_secret WHERE "secretId" = s.id)
      AND NOT EXISTS (SELECT FROM connection_secret WHERE "secretId" = s.id)
    ORDER BY t."deletedAt" LIMIT ${atOnce}::int`;
}

/** Deletes first the row that a restore deletes first: only one of both finds it. */
async function purgeSecret({ id, name, fabricId, teamId }: Due, days: number): Promise<void> {
  await db.$transaction(async (tx) => {
    const isDue = await tx.$executeRaw`
      DELETE FROM trashed_secret
      WHERE "secretId" = ${id} AND "deletedAt" <= clock_timestamp() - make_interval(days => ${days}::int)`;
    if (isDue === 0) return;
    const { count } = await tx.secret.deleteMany({ where: { id, deletedAt: { not: null } } });
    if (count === 0) return;
    await record(tx, {
      ...{ actor: systemActor, teamId, fabricId },
      action: "secret.purge",
      object: { kind: "secret", id, name },
    });
  });
}
