import { inconclusiveCodes } from "@/lib/connections/schema";
import { type Db, Prisma, type Tx } from "@/lib/db/client";
import { ownerOf } from "@/lib/expiry/owner";
import { expiringDays, reminderDays } from "@/lib/expiry/schema";
import type { SnoozableTopic, Topic } from "@/lib/reminders/schema";
import { isInUse } from "@/lib/uses/connection-in-use";

/** A thing about which somebody must be reminded now. */
export type Due = {
  topic: Topic;
  objectId: string;
  name: string;
  /** Null for an access token. So are the names of fabric and team. */
  fabricId: string | null;
  fabricName: string | null;
  teamId: string | null;
  teamName: string | null;
  /** The person to remind; null for the Admins of the team. */
  ownerId: string | null;
  /** When it expires, or since when it fails. */
  at: Date;
  /** Whole days until it expires, or since it fails. */
  days: number;
};

/** The occasion of a reminder, such as 7 days before a date. A thing has one reminder for each occasion. */
export function occasionOf({ topic, at, days }: Due): string {
  return `${at.toISOString()}/${isExpiry(topic) ? expiryStep(days) : failureStep(days)}`;
}

export function isExpiry(topic: Topic): boolean {
  return topic.endsWith(".expires");
}

/** The step of an expiry in `days` days: the last of `reminderDays` that has come. */
function expiryStep(days: number): number {
  return Math.min(...reminderDays.filter((step) => step >= days || step === expiringDays));
}

/** The step of a failure that has lasted for `days` days: at once, after 1, 3 and 7 days, and then every week. */
function failureStep(days: number): number {
  if (days >= 7) return days - (days % 7);
  return days >= 3 ? 3 : Math.min(Math.max(days, 0), 1);
}

/** Days after an expiry during which automate still sends a reminder that it has not sent before. */
const expiredDays = 30;

/** Everything that is due at `now`, or of it what is about `only` these objects. Snoozed things are not due. */
export async function findDue(tx: Tx | Db, now: Date, only?: readonly string[]): Promise<Due[]> {
  const sources = [secrets, tokens, accessTokens, connections, rotations, passwords];
  const found: Due[] = [];
  for (const source of sources) found.push(...(await tx.$queryRaw<Due[]>(source(now, only))));
  return found;
}

const none = Prisma.sql`NULL::text`;
const inFabric = Prisma.sql`
  JOIN team t ON t.id = f."teamId"
  WHERE NOT EXISTS (SELECT FROM fabric_deletion d WHERE d."fabricId" = f.id)`;
const fabricColumns = Prisma.sql`f.id AS "fabricId", f.name AS "fabricName", t.id AS "teamId", t.name AS "teamName"`;

function days(from: Prisma.Sql, to: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`floor(extract(epoch FROM ${to} - ${from}) / 86400)::int`;
}

function notSnoozed(topic: SnoozableTopic, id: Prisma.Sql, now: Date): Prisma.Sql {
  return Prisma.sql`NOT EXISTS (
    SELECT FROM snooze z WHERE z.topic = ${topic} AND z."objectId" = ${id} AND z.until > ${now})`;
}

function among(id: Prisma.Sql, only: readonly string[] | undefined): Prisma.Sql {
  return only === undefined ? Prisma.sql`true` : Prisma.sql`${id} = ANY(${[...only]}::text[])`;
}

function expires(at: Prisma.Sql, now: Date): Prisma.Sql {
  const left = days(Prisma.sql`${now}::timestamptz`, at);
  return Prisma.sql`${left} BETWEEN ${-expiredDays} AND ${expiringDays}`;
}

function secrets(now: Date, only?: readonly string[]): Prisma.Sql {
  const [id, at] = [Prisma.sql`s.id`, Prisma.sql`s."expiresAt"`];
  return Prisma.sql`
    SELECT 'secret.expires' AS topic, s.id AS "objectId", s.name, ${fabricColumns}, o.id AS "ownerId", ${at} AS at,
      ${days(Prisma.sql`${now}::timestamptz`, at)} AS days
    FROM secret s JOIN fabric f ON f.id = s."fabricId" LEFT JOIN LATERAL (${Prisma.raw(ownerOf("s"))}) o ON true ${inFabric}
      AND s."deletedAt" IS NULL AND ${expires(at, now)} AND ${notSnoozed("secret.expires", id, now)} AND ${among(id, only)}`;
}

function tokens(now: Date, only?: readonly string[]): Prisma.Sql {
  const [id, at] = [Prisma.sql`p.id`, Prisma.sql`p."expiresAt"`];
  return Prisma.sql`
    SELECT 'token.expires' AS topic, p.id AS "objectId", p.name, ${fabricColumns}, o.id AS "ownerId", ${at} AS at,
      ${days(Prisma.sql`${now}::timestamptz`, at)} AS days
    FROM pipeline_token p JOIN fabric f ON f.id = p."fabricId" LEFT JOIN LATERAL (${Prisma.raw(ownerOf("p"))}) o ON true ${inFabric}
      AND p."revokedAt" IS NULL AND ${expires(at, now)} AND ${notSnoozed("token.expires", id, now)} AND ${among(id, only)}`;
}

function accessTokens(now: Date, only?: readonly string[]): Prisma.Sql {
  const [id, at] = [Prisma.sql`a.id`, Prisma.sql`a."expiresAt"`];
  return Prisma.sql`
    SELECT 'access_token.expires' AS topic, a.id AS "objectId", a.name, ${none} AS "fabricId", ${none} AS "fabricName",
      ${none} AS "teamId", ${none} AS "teamName", u.id AS "ownerId", ${at} AS at,
      ${days(Prisma.sql`${now}::timestamptz`, at)} AS days
    FROM access_token a JOIN app_user u ON u.id = a."userId" AND u."accessEpoch" = a."accessEpoch" AND u."lockedAt" IS NULL
    WHERE a."revokedAt" IS NULL AND ${expires(at, now)} AND ${among(id, only)}`;
}

/** Connections that are in use and whose last conclusive check failed, with the present values of their secrets. */
function connections(now: Date, only?: readonly string[]): Prisma.Sql {
  const id = Prisma.sql`c.id`;
  const isConclusive = Prisma.sql`
    k."fabricId" = c."fabricId" AND k."configHash" = c."configHash"
    AND (k.code IS NULL OR k.code <> ALL(${[...inconclusiveCodes]}::text[]))`;
  return Prisma.sql`
    SELECT 'connection.fails' AS topic, c.id AS "objectId", c.name, ${fabricColumns}, o.id AS "ownerId", streak.since AS at,
      ${days(Prisma.sql`streak.since`, Prisma.sql`${now}::timestamptz`)} AS days
    FROM connection c JOIN fabric f ON f.id = c."fabricId"
    CROSS JOIN LATERAL (
      SELECT k.ok, k.versions FROM connection_check k WHERE ${isConclusive} ORDER BY k."checkedAt" DESC LIMIT 1) newest
    CROSS JOIN LATERAL (
      SELECT min(k."checkedAt") AS since FROM connection_check k WHERE ${isConclusive} AND k."checkedAt" > coalesce(
        (SELECT max(k."checkedAt") FROM connection_check k WHERE ${isConclusive} AND k.ok), '-infinity')) streak
    LEFT JOIN LATERAL (
      SELECT m."userId" AS id FROM membership m JOIN app_user u ON u.id = m."userId"
      WHERE m."teamId" = f."teamId" AND m."userId" = c."createdById" AND m."createdAt" <= c."createdAt"
        AND u."lockedAt" IS NULL) o ON true
    ${inFabric} AND NOT newest.ok AND ${among(id, only)} AND ${notSnoozed("connection.fails", id, now)}
      AND NOT EXISTS (
        SELECT FROM jsonb_each_text(newest.versions) AS tried(secret, version)
        WHERE tried.version::int IS DISTINCT FROM (
          SELECT max(v.version) FROM secret_version v WHERE v."secretId" = tried.secret))
      AND ${isInUse()}`;
}

/** Rotations of a fabric's key that have had a fault for a day, or ended with values that did not open. */
function rotations(now: Date, only?: readonly string[]): Prisma.Sql {
  const id = Prisma.sql`r.id`;
  return Prisma.sql`
    SELECT 'rotation.fails' AS topic, r.id AS "objectId", f.name, ${fabricColumns}, ${none} AS "ownerId",
      r."startedAt" AS at, ${days(Prisma.sql`r."startedAt"`, Prisma.sql`${now}::timestamptz`)} AS days
    FROM key_rotation r JOIN fabric f ON f.id = r."fabricId" ${inFabric} AND ${among(id, only)}
      AND ((r.state = 'running' AND r."lastError" <> '' AND r."startedAt" < ${now}::timestamptz - interval '1 day')
        OR EXISTS (SELECT FROM unopened_value n WHERE n."rotationId" = r.id))`;
}

/** Secrets whose password could not be rotated, since the first failure after the last success. */
function passwords(now: Date, only?: readonly string[]): Prisma.Sql {
  const id = Prisma.sql`s.id`;
  // Copies of an earlier release do not store the time of the first failure.
  const since = Prisma.sql`coalesce(p."failingSince", p."setAt")`;
  return Prisma.sql`
    SELECT 'password.fails' AS topic, s.id AS "objectId", s.name, ${fabricColumns}, o.id AS "ownerId",
      ${since} AS at, ${days(since, Prisma.sql`${now}::timestamptz`)} AS days
    FROM password_rotation p JOIN secret s ON s.id = p."secretId" JOIN fabric f ON f.id = p."fabricId"
    LEFT JOIN LATERAL (${Prisma.raw(ownerOf("s"))}) o ON true ${inFabric} AND p.failures > 0 AND s."deletedAt" IS NULL
      AND ${among(id, only)}`;
}
