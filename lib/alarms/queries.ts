import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { Alarm } from "@/lib/alarms/schema";
import { db } from "@/lib/db";

/** As many of the last alarms and acknowledgements as are looked at. */
const mostEvents = 500;

/** The alarms of a fabric that no Admin acknowledged, the last of each secret, newest first. */
export async function listAlarms({ fabricId }: Scope<"activity:list">): Promise<Alarm[]> {
  const events = await db.auditEvent.findMany({
    where: { fabricId, action: { in: ["secret.alarm", "secret.alarm.acknowledge"] } },
    orderBy: { id: "desc" },
    take: mostEvents,
    select: { at: true, action: true, objectId: true, objectName: true, details: true },
  });
  const newest = new Map<string, (typeof events)[number]>();
  for (const event of events) if (!newest.has(event.objectId)) newest.set(event.objectId, event);
  const alarms = [...newest.values()].filter(({ action }) => action === "secret.alarm");
  const there = await db.secret.findMany({
    where: { fabricId, id: { in: alarms.map(({ objectId }) => objectId) }, deletedAt: null },
    select: { id: true },
  });
  return alarms.map(({ at, objectId, objectName, details }) => ({
    secretId: objectId,
    secretName: objectName,
    ...placeOf(details),
    at,
    isThere: there.some(({ id }) => id === objectId),
  }));
}

function placeOf(details: unknown): { field: string; version: number } {
  if (typeof details !== "object" || details === null) return { field: "", version: 0 };
  const field = "field" in details ? String(details.field) : "";
  return { field, version: "version" in details ? Number(details.version) : 0 };
}
