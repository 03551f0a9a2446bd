import * as z from "zod";
import { type ActivityEvent, documentedEvent } from "@/lib/audit/schema";
import { csvLine } from "@/lib/csv";

/** The formats of an export of Activity, with their media types. */
export const exportFormats = {
  csv: "text/csv; charset=utf-8; header=present",
  ndjson: "application/x-ndjson; charset=utf-8",
} as const;
export const exportFormat = z.enum(["csv", "ndjson"]).default("csv");
export type ExportFormat = z.output<typeof exportFormat>;

/** The name of the downloaded file, with today's day in UTC. */
export function exportFileName(format: ExportFormat): string {
  return `activity-${new Date().toISOString().slice(0, 10)}.${format}`;
}

const columns = [
  "time",
  "event",
  "documented_event",
  "actor_kind",
  "actor_id",
  "actor_name",
  "object_kind",
  "object_id",
  "object_name",
  "details",
  "id",
] as const;

/** What precedes the events: the names of the columns of a CSV file (RFC 4180). */
export function exportHead(format: ExportFormat): string {
  return format === "csv" ? `${columns.join(",")}\r\n` : "";
}

/**
 * An event as a line of an export: of CSV, with details as JSON, or of newline-delimited JSON. Both have our name of
 * the event, and that of the documented product's audit log where it has one.
 */
export function exportLine(format: ExportFormat, event: ActivityEvent): string {
  const { id, at, action, actorKind, actorId, actorName, objectKind, objectId, objectName, details } = event;
  const documented = documentedEvent(action, details);
  const time = at.toISOString();
  if (format === "ndjson")
    return `${JSON.stringify({
      time,
      event: action,
      ...(documented ? { documentedEvent: documented } : {}),
      actor: { kind: actorKind, id: actorId, name: actorName },
      object: { kind: objectKind, id: objectId, name: objectName },
      details,
      id,
    })}\n`;
  const names = [actorKind, actorId, actorName, objectKind, objectId, objectName];
  return csvLine([time, action, documented ?? "", ...names, JSON.stringify(details), id]);
}
