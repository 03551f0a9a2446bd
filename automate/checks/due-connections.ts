import { refusals } from "@/automate/checks/attempt-limit";
import { connectionLeaseKey } from "@/automate/checks/leases";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { db, Prisma } from "@/lib/db/client";
import { isInUse } from "@/lib/uses/connection-in-use";

export type DueConnection = { id: string; name: string; kind: string; fabricId: string; configHash: string };

const maxPerPlan = 500;

/**
 * Results that may lock a person's account, or that warn of it. The background does not retry them on the
 * same day.
 */
const onceADay: readonly CheckCode[] = [...refusals, "sign_in_paused"];

/** Returns the ids of due connections that no copy of automate is checking, longest waiting first. */
export async function dueConnections(minutes: number): Promise<string[]> {
  const due = await db.$queryRaw<DueConnection[]>`
    ${selectDue(minutes)} AND NOT EXISTS (
      SELECT 1 FROM check_lease l WHERE l.key = ${connectionLeaseKey("")} || c.id AND l."leasedUntil" > now())
    ORDER BY newest."checkedAt" NULLS FIRST LIMIT ${maxPerPlan}`;
  return due.map(({ id }) => id);
}

/** Returns the connection if it is due. */
export async function findDue(minutes: number, id: string): Promise<DueConnection | undefined> {
  const [due] = await db.$queryRaw<DueConnection[]>`${selectDue(minutes)} AND c.id = ${id}`;
  return due;
}

/**
 * Selects the connections to check now.
 *
 * After a passed check a connection is due in `minutes`, after a refused sign-in in a day, and with another value of a
 * secret at once. Otherwise a failing one is due after 30 seconds; the interval doubles with each failure since the
 * last pass up to six hours, which the eleventh reaches: twelve rows are enough. A connection that nobody checked, edited or used for a week is not checked until somebody does.
 *
 * The expensive conditions come last, because every copy of automate runs this over all connections once a
 * minute.
 */
function selectDue(minutes: number): Prisma.Sql {
  return Prisma.sql`
    SELECT c.id, c.name, c.kind, c."fabricId", c."configHash" FROM connection c
    LEFT JOIN LATERAL (
      SELECT ok, code, "checkedAt", versions FROM connection_check k
      WHERE k."fabricId" = c."fabricId" AND k."configHash" = c."configHash"
      ORDER BY "checkedAt" DESC LIMIT 1
    ) newest ON true
    WHERE NOT EXISTS (SELECT FROM fabric_deletion d WHERE d."fabricId" = c."fabricId") AND (
      newest."checkedAt" IS NULL
      OR newest."checkedAt" + CASE
        WHEN newest.ok THEN make_interval(mins => ${minutes}::int)
        WHEN newest.code = ANY(${[...onceADay]}::text[]) THEN interval '24 hours'
        ELSE least(interval '30 seconds' * power(2, (
          SELECT count(*) FILTER (WHERE NOT "hasPassed") FROM (
            SELECT bool_or(ok) OVER (ORDER BY "checkedAt" DESC) AS "hasPassed" FROM (
              SELECT ok, "checkedAt" FROM connection_check k
              WHERE k."fabricId" = c."fabricId" AND k."configHash" = c."configHash"
              ORDER BY "checkedAt" DESC LIMIT 12
            ) recent
          ) since
        ) - 1), interval '6 hours')
      END <= now()
      OR EXISTS (
        SELECT 1 FROM connection_secret s JOIN secret_version v ON v."secretId" = s."secretId"
        WHERE s."connectionId" = c.id AND v.version > 0
          AND (v."createdAt" > newest."checkedAt" OR v.version > (newest.versions->>v."secretId")::int))
    ) AND ${isInUse()}`;
}
