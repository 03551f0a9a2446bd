import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { Alarm } from "@/lib/alarms/schema";
import { db } from "@/lib/db/client";
import { preparedQuery } from "@/lib/db/prepared";

type Row = { at: Date; objectId: string; objectName: string; details: unknown };

// Both are prepared: Postgres plans a query anew for each partition of the audit log, and every page of a fabric asks.
const hasAlarms = preparedQuery<{ has: boolean }>(
  `SELECT EXISTS (SELECT FROM audit_event WHERE "fabricId" = $1 AND action IN ('secret.alarm', 'secret.alarm.acknowledge')) AS has`,
);

// Steps from secret to secret through the index of alarms, so that a secret with an alarm each minute does not slow
// down the others.
// Automate counts alarms within a minute and records later how long ago the last one was; an Admin may have
// acknowledged it meanwhile.
const findAlarms = preparedQuery<Row>(`WITH RECURSIVE named AS (
      (SELECT "objectId" FROM audit_event
       WHERE "fabricId" = $1 AND action IN ('secret.alarm', 'secret.alarm.acknowledge')
       ORDER BY "objectId" LIMIT 1)
      UNION ALL
      SELECT (SELECT a."objectId" FROM audit_event a
        WHERE a."fabricId" = $1 AND a.action IN ('secret.alarm', 'secret.alarm.acknowledge')
          AND a."objectId" > named."objectId"
        ORDER BY a."objectId" LIMIT 1)
      FROM named WHERE named."objectId" IS NOT NULL
    )
    SELECT alarm.at, alarm."objectId", alarm."objectName", alarm.details FROM named
    LEFT JOIN LATERAL (
      SELECT a.id, a.at FROM audit_event a
      WHERE a."fabricId" = $1 AND a.action IN ('secret.alarm', 'secret.alarm.acknowledge')
        AND a.action = 'secret.alarm.acknowledge' AND a."objectId" = named."objectId"
      ORDER BY a.id DESC LIMIT 1
    ) seen ON true
    CROSS JOIN LATERAL (
      SELECT a.id, a.at - make_interval(secs => coalesce((a.details->>'lastMsAgo')::int, 0) / 1000.0) AS at,
        a."objectId", a."objectName", a.details
      FROM audit_event a
      WHERE a."fabricId" = $1 AND a.action IN ('secret.alarm', 'secret.alarm.acknowledge')
        AND a.action = 'secret.alarm' AND a."objectId" = named."objectId"
        AND a.id > coalesce(seen.id, '')
        AND a.at - make_interval(secs => coalesce((a.details->>'lastMsAgo')::int, 0) / 1000.0) > coalesce(seen.at, '-infinity')
      ORDER BY a.id DESC LIMIT 1
    ) alarm
    ORDER BY alarm.id DESC`);

/** The newest unacknowledged alarm of each secret in a fabric, newest first. */
export async function listAlarms({ fabricId }: Scope<"activity:list">): Promise<Alarm[]> {
  const [any] = await hasAlarms(fabricId);
  if (!any?.has) return [];
  const alarms = await findAlarms(fabricId);
  const existing = await db.secret.findMany({
    where: { fabricId, id: { in: alarms.map(({ objectId }) => objectId) }, deletedAt: null },
    select: { id: true },
  });
  return alarms.map(({ at, objectId, objectName, details }) => ({
    secretId: objectId,
    secretName: objectName,
    ...sealedFieldOf(details),
    at,
    isThere: existing.some(({ id }) => id === objectId),
  }));
}

function sealedFieldOf(details: unknown): { field: string; version: number } {
  if (typeof details !== "object" || details === null) return { field: "", version: 0 };
  const field = "field" in details ? String(details.field) : "";
  return { field, version: "version" in details ? Number(details.version) : 0 };
}
