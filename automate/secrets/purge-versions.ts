import { settleVersion } from "@/automate/secrets/settle-version";
import {
  keyOf,
  type Purging,
  type StoredAllowance,
  type StoredVersion,
  versionsToPurge,
} from "@/automate/secrets/versions-to-purge";
import { systemActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import { db, type Tx } from "@/lib/db/client";
import { manifestOf } from "@/lib/secrets/queries";
import { undoHours as keptForHours } from "@/lib/secrets/schema";

/** How many rows one statement examines. */
const rowsAtOnce = 20_000;
/** How much one transaction purges: files can be large. */
const versionsAtOnce = 500;
const kibAtOnce = 64 * 1024;
/** The next purge continues. It starts ten minutes after this one. */
const longestMs = 5 * 60_000;

/**
 * Purges the former versions that their fabrics have not kept for a day: their sealed values, their destinations,
 * and their rows unless these say who entered what is still used. Safe to run in several copies of automate.
 */
export async function purgeFormerVersions(): Promise<void> {
  const startedAt = performance.now();
  for (let after: string | null = ""; after !== null; ) {
    const page = await secretsWithFormerVersions(after);
    for (const { id, fabricId } of page.secrets) {
      if (performance.now() - startedAt > longestMs) return;
      await purgeSecret(fabricId, id);
    }
    after = page.next;
  }
}

/**
 * Keeps the rule of a fabric's former versions and a purge of these apart, until the transaction ends: a version
 * that a new rule keeps is either purged already, or stays.
 */
export async function lockVersionRule(tx: Tx, fabricId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`versions ${fabricId}`}, 0))`;
}

/** The next secrets with former versions to purge; `next` is null at the end. */
async function secretsWithFormerVersions(
  after: string,
): Promise<{ secrets: { id: string; fabricId: string }[]; next: string | null }> {
  // Reads a bounded part of the primary key's index. Its last secret may be cut, so it counts as well.
  const rows = await db.$queryRaw<{ secretId: string; total: number }[]>`
    SELECT "secretId", total FROM (
      SELECT "secretId", count(*) AS versions, (sum(count(*)) OVER ())::int AS total, max("secretId") OVER () AS last
      FROM (SELECT "secretId" FROM secret_version WHERE "secretId" > ${after}
        ORDER BY "secretId", version LIMIT ${rowsAtOnce}) AS part
      GROUP BY "secretId") AS counted
    WHERE versions > 1 OR "secretId" = last ORDER BY "secretId"`;
  const last = rows.at(-1);
  const secrets = await withUnpurged(rows.map(({ secretId }) => secretId));
  return { secrets, next: last && last.total === rowsAtOnce ? last.secretId : null };
}

/** Those of the secrets that have a version before the one that was current a day ago, not purged yet. */
async function withUnpurged(ids: readonly string[]): Promise<{ id: string; fabricId: string }[]> {
  if (ids.length === 0) return [];
  return db.$queryRaw`
    SELECT s.id, s."fabricId" FROM secret s
    LEFT JOIN version_rule r ON r."fabricId" = s."fabricId"
    CROSS JOIN LATERAL (
      SELECT version FROM secret_version v
      WHERE v."secretId" = s.id AND v."createdAt" <= now() - make_interval(hours => ${keptForHours}::int)
      ORDER BY version DESC LIMIT 1
    ) aged
    WHERE s.id = ANY(${ids}) AND s."deletedAt" IS NULL
      AND (r."updatedAt" IS NULL OR r."updatedAt" <= now() - make_interval(hours => ${keptForHours}::int))
      AND EXISTS (
        SELECT FROM secret_version v WHERE v."secretId" = s.id AND v."purgedAt" IS NULL AND v.version > 0
          AND v.version < aged.version - coalesce(r."formerVersions", 0))
    ORDER BY s.id`;
}

/**
 * Purges one secret's former versions, and its promoted candidates that no version uses any more, in transactions of
 * bounded size.
 */
async function purgeSecret(fabricId: string, id: string): Promise<void> {
  // A version that is not settled yet may keep destinations of the former one, so settle it first.
  await settleVersion(fabricId, id);
  for (let hasMore = true; hasMore; )
    hasMore = await db.$transaction(async (tx) => {
      await lockVersionRule(tx, fabricId);
      const formerVersions = await keptVersions(tx, fabricId);
      const secret = formerVersions === null ? undefined : await findSecret(tx, id);
      if (formerVersions === null || !secret) return false;
      const versions = await versionsOf(tx, id);
      const purging = versionsToPurge(versions, await allowancesOf(tx, id), formerVersions);
      const { now, isAll } = firstPart(versions, purging);
      const purged = await purgeVersions(tx, id, purging, now);
      const versionsPurged = purged.filter((version) => version > 0);
      if (versionsPurged.length > 0)
        await record(tx, {
          actor: systemActor,
          teamId: secret.teamId,
          fabricId,
          action: "secret.version.purge",
          object: { kind: "secret", id, name: secret.name },
          details: { versions: rangesOf(versionsPurged) },
        });
      return !isAll && purged.length > 0;
    });
}

/** How many former versions the fabric keeps; null when that changed within the last day, or it is gone. */
async function keptVersions(tx: Tx, fabricId: string): Promise<number | null> {
  const [row] = await tx.$queryRaw<{ formerVersions: number }[]>`
    SELECT coalesce(r."formerVersions", 0) AS "formerVersions"
    FROM fabric f LEFT JOIN version_rule r ON r."fabricId" = f.id
    WHERE f.id = ${fabricId}
      AND (r."updatedAt" IS NULL OR r."updatedAt" <= now() - make_interval(hours => ${keptForHours}::int))`;
  return row?.formerVersions ?? null;
}

async function findSecret(tx: Tx, id: string): Promise<{ name: string; teamId: string } | undefined> {
  const [secret] = await tx.$queryRaw<{ name: string; teamId: string }[]>`
    SELECT s.name, f."teamId" FROM secret s JOIN fabric f ON f.id = s."fabricId" WHERE s.id = ${id}`;
  return secret;
}

type Version = StoredVersion & { storedKib: number; isPurged: boolean };

async function versionsOf(tx: Tx, secretId: string): Promise<Version[]> {
  const rows = await tx.$queryRaw<
    (Omit<Version, "manifest"> & { manifest: Parameters<typeof manifestOf>[0] })[]
  >`
    SELECT version, manifest, "storedKib", "purgedAt" IS NOT NULL AS "isPurged",
      "createdAt" <= now() - make_interval(hours => ${keptForHours}::int) AS "isAged"
    FROM secret_version v WHERE "secretId" = ${secretId} AND NOT EXISTS (
      SELECT FROM secret_candidate c
      WHERE c."secretId" = v."secretId" AND c.number = -v.version AND c.outcome IS NULL)`;
  return rows.map((row) => ({ ...row, manifest: manifestOf(row.manifest) }));
}

function allowancesOf(tx: Tx, secretId: string): Promise<StoredAllowance[]> {
  return tx.allowedDestination.findMany({
    // Those of a candidate become its version's with the promotion.
    where: { secretId, version: { gt: 0 } },
    select: { version: true, destination: true },
  });
}

type Part = { now: Version[]; isAll: boolean };

/** The oldest versions to purge: as many as one transaction can delete within its time. */
function firstPart(versions: readonly Version[], { remove, empty }: Purging): Part {
  const byNumber = new Map(versions.map((one) => [one.version, one]));
  const all = [...remove, ...empty].flatMap((version) => byNumber.get(version) ?? []);
  const now: Version[] = [];
  let kib = 0;
  for (const one of all) {
    if (now.length >= versionsAtOnce || (now.length > 0 && kib + one.storedKib > kibAtOnce)) break;
    now.push(one);
    kib += one.storedKib;
  }
  return { now, isAll: now.length === all.length };
}

/** Purges these versions. Returns the numbers of those that lost something. */
async function purgeVersions(
  tx: Tx,
  secretId: string,
  { remove, keptValues, keptAllowances }: Purging,
  part: readonly Version[],
): Promise<number[]> {
  const version = { in: part.map((one) => one.version) };
  const fields = await tx.secretField.findMany({
    where: { secretId, version },
    select: { field: true, version: true },
  });
  const values = fields.filter((one) => !keptValues.has(keyOf(one.field, one.version)));
  await tx.$executeRaw`
    DELETE FROM secret_field f
    USING unnest(${values.map(({ field }) => field)}::text[], ${values.map((one) => one.version)}::int[]) AS gone(field, version)
    WHERE f."secretId" = ${secretId} AND f.field = gone.field AND f.version = gone.version`;
  const allowed = await tx.allowedDestination.findMany({
    where: { secretId, version },
    select: { id: true, destination: true, version: true },
  });
  const allowances = allowed.filter((one) => !keptAllowances.has(keyOf(one.destination, one.version)));
  await tx.allowedDestination.deleteMany({ where: { id: { in: allowances.map(({ id }) => id) } } });
  await tx.destinationRequest.deleteMany({ where: { secretId, version } });
  await tx.settledVersion.deleteMany({ where: { secretId, version } });
  const removed = part.filter((one) => remove.includes(one.version)).map((one) => one.version);
  await tx.secretVersion.deleteMany({ where: { secretId, version: { in: removed } } });
  await tx.$executeRaw`
    UPDATE secret_version v SET "purgedAt" = coalesce("purgedAt", now()), "storedKib" = (
      SELECT coalesce(sum(ceil(octet_length(f.sealed) / 1024.0)), 0)::int FROM secret_field f
      WHERE f."secretId" = v."secretId" AND f.version = v.version)
    WHERE v."secretId" = ${secretId} AND v.version = ANY(${version.in})`;
  const lostValues = new Set(values.map((one) => one.version));
  return part
    .filter((one) => !one.isPurged || lostValues.has(one.version))
    .map((one) => one.version)
    .sort((one, other) => one - other);
}

/** "1–3" for 1, 2 and 3. The numbers are sorted. */
export function rangesOf(numbers: readonly number[]): string[] {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last.to === number - 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`));
}
