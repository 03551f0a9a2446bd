import { expireCandidates } from "@/automate/candidates/close-candidates";
import { purgeAttempts } from "@/automate/checks/attempt-limit";
import { destroyDeletedFabrics } from "@/automate/fabrics/destroy-fabrics";
import { purgeDeadChecks, purgeEndedTokens } from "@/automate/purge-ended";
import { purgeReminders } from "@/automate/reminders/purge-reminders";
import { purgeUses } from "@/automate/secrets/purge-uses";
import { purgeFormerVersions } from "@/automate/secrets/purge-versions";
import { purgeTrash } from "@/automate/trash/purge-trash";
import { systemActor } from "@/lib/access/system-actor";
import { db } from "@/lib/db/client";
import { replayForMs } from "@/lib/idempotency/request";
import { usedForDays } from "@/lib/secrets/schema";

/**
 * Purges the trash and the sealed values of former versions and of candidates that nobody promoted, and destroys
 * deleted fabrics with their keys. Deletes used requests, rates, and old credential attempts, leases, creates, check
 * results, ended tokens, readers, days and reminders. Safe to run at any time, in several copies of automate. A step that
 * fails does not stop the others.
 */
export async function purge(): Promise<void> {
  const steps = [
    purgeTrash,
    destroyDeletedFabrics,
    purgeRows,
    expireCandidates,
    purgeFormerVersions,
    purgeReminders,
  ];
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function purgeRows(): Promise<void> {
  await db.usedRequest.deleteMany({ where: { expiresAt: { lt: new Date(Date.now() - 60_000) } } });
  const oldMinutes = { where: { minute: { lt: new Date(Date.now() - 5 * 60_000) } } };
  await db.rateWindow.deleteMany(oldMinutes);
  await db.webRateWindow.deleteMany(oldMinutes);
  await db.checkLease.deleteMany({ where: { leasedUntil: { lt: new Date(Date.now() - 60 * 60_000) } } });
  // An hour more than web needs, because the clocks may differ.
  const oldCreates = new Date(Date.now() - replayForMs - 60 * 60_000);
  await db.idempotentCreate.deleteMany({ where: { createdAt: { lt: oldCreates } } });
  await db.entryLink.deleteMany({
    where: { expiresAt: { lt: new Date(Date.now() - endedLinkDays * 86_400_000) } },
  });
  await purgeAttempts();
  await purgeRuns();
  await purgeChecks();
  await purgeDeadChecks();
  await purgeEndedTokens();
  await purgeReaders();
  await purgeUses();
}

/** How many ended runs of a password rotation stay. Activity has the others. */
const maxRuns = 50;

async function purgeRuns(): Promise<void> {
  await db.$executeRaw`
    DELETE FROM password_run WHERE id = ANY(ARRAY(
      SELECT surplus.id FROM (SELECT "secretId" FROM password_run GROUP BY 1 HAVING count(*) > ${maxRuns}::int) many
      CROSS JOIN LATERAL (
        SELECT r.id, r."endedAt" FROM password_run r WHERE r."secretId" = many."secretId"
        ORDER BY r."startedAt" DESC OFFSET ${maxRuns}::int) surplus
      WHERE surplus."endedAt" IS NOT NULL))`;
}

/** How long the list of entry links shows one after its expiry, in days. Activity keeps its events. */
const endedLinkDays = 90;

/** The most rows of one token or issuer at one secret. An issuer may have any number of workloads. */
const maxReaders = 1000;
const readersAtOnce = 20_000;

/** Deletes old readers, and those of an issuer beyond its newest at a secret. */
async function purgeReaders(): Promise<void> {
  await db.$executeRaw`
    DELETE FROM secret_reader WHERE "lastReadAt" < now() - make_interval(days => ${usedForDays}::int)`;
  let deleted: number;
  do {
    // A row that is updated meanwhile has moved, and waits for the next purge.
    deleted = await db.$executeRaw`
      DELETE FROM secret_reader WHERE ctid = ANY(ARRAY(
        SELECT surplus.ctid
        FROM (SELECT "secretId", "readerId" FROM secret_reader GROUP BY 1, 2 HAVING count(*) > ${maxReaders}::int) crowded
        CROSS JOIN LATERAL (
          SELECT r.ctid FROM secret_reader r
          WHERE r."secretId" = crowded."secretId" AND r."readerId" = crowded."readerId"
          ORDER BY r."lastReadAt" DESC OFFSET ${maxReaders}::int) surplus
        LIMIT ${readersAtOnce}::int))`;
  } while (deleted === readersAtOnce);
}

const maxChecks = 100;
/** How many configurations one statement covers. All at once would exceed the statement timeout. */
const configurationsAtOnce = 1000;

/**
 * Deletes the check results of a configuration beyond the newest 100, except two sorts. People's checks of
 * the last eight days stay: after a week without one, a connection is no longer checked automatically.
 * Results that changed the status stay, because they show since when it holds.
 */
async function purgeChecks(): Promise<void> {
  for (let after = { fabricId: "", configHash: "" }; ; ) {
    const rows = await db.$queryRaw<(typeof after)[]>`
      SELECT DISTINCT "fabricId", "configHash" FROM connection_check
      WHERE ("fabricId", "configHash") > (${after.fabricId}, ${after.configHash})
      ORDER BY "fabricId", "configHash" LIMIT ${configurationsAtOnce}`;
    const last = rows.at(-1);
    if (!last) return;
    await db.$executeRaw`
      DELETE FROM connection_check WHERE id IN (
        SELECT id FROM (
          SELECT id, "actorId", "checkedAt",
            row_number() OVER (PARTITION BY "fabricId", "configHash" ORDER BY "checkedAt" DESC) AS rank,
            ok IS DISTINCT FROM lag(ok) OVER (PARTITION BY "fabricId", "configHash" ORDER BY "checkedAt") AS "isChange"
          FROM connection_check
          WHERE ("fabricId", "configHash") > (${after.fabricId}, ${after.configHash})
            AND ("fabricId", "configHash") <= (${last.fabricId}, ${last.configHash})
        ) ranked
        WHERE NOT "isChange" AND rank > ${maxChecks} AND ("actorId" = ${systemActor.id} OR "checkedAt" < now() - interval '8 days'))`;
    after = last;
  }
}
