import "server-only";
import * as z from "zod";
import { exportText } from "@/lib/activity/export";
import { exportFileName, exportFormat, exportFormats } from "@/lib/activity/export-lines";
import { listActivity } from "@/lib/activity/queries";
import { activityFilters, eventKindKeys, objectKinds } from "@/lib/audit/schema";
import { ok } from "@/lib/result";
import { inFabric, operation } from "@/web/management-api/define";

const id = z
  .string()
  .max(100)
  .regex(/^[^\0]*$/, "This is not a valid id.")
  .optional();

const named = z.object({ kind: z.string(), id: z.string(), name: z.string() });

const filters = z.object({
  from: activityFilters.from.optional().meta({
    description: "Only events since this day in UTC (`2026-03-01`) or moment (RFC 3339).",
  }),
  to: activityFilters.to.optional().meta({
    description: "Only events until the end of this day in UTC, or before this moment.",
  }),
  search: activityFilters.search.optional().meta({
    description: "Only events about objects, or by people and pipelines, with this text in their name.",
  }),
  actor: id.meta({ description: "Only events of the actor, or by the access token, with this id." }),
  object: id.meta({ description: "Only events of the object with this id." }),
  kind: z.enum(objectKinds).optional(),
  event: z.enum(eventKindKeys).optional(),
});

export const listFabricActivity = operation({
  id: "listActivity",
  method: "GET",
  path: "/api/orchestration/fabric/{fabricId}/activity",
  tag: "Activity",
  summary: "List the activity of a fabric, newest first",
  description: "Returns 50 events. For the next page, send `older` as `before`.",
  failure: "List activity failed",
  access: inFabric("activity:list"),
  query: filters.extend({ before: id, after: id }),
  data: z.object({
    events: z.array(
      z.object({
        id: z.string(),
        at: z.string(),
        action: z.string(),
        actor: named,
        object: named,
        details: z.record(z.string(), z.unknown()),
      }),
    ),
    older: z.string().nullable(),
    newer: z.string().nullable(),
  }),
  run: async (scope, { query }) => {
    const { events, older, newer } = await listActivity(scope, query);
    const items = events.map((event) => ({
      id: event.id,
      at: event.at.toISOString(),
      action: event.action,
      actor: { kind: event.actorKind, id: event.actorId, name: event.actorName },
      object: { kind: event.objectKind, id: event.objectId, name: event.objectName },
      details: event.details,
    }));
    return ok({ data: { events: items, older, newer } });
  },
});

/** A line of the NDJSON file. */
const exportedEvent = z.object({
  time: z.string(),
  event: z.string(),
  documentedEvent: z.string().optional(),
  actor: named,
  object: named,
  details: z.record(z.string(), z.unknown()),
  id: z.string(),
});

export const exportActivityOperation = operation({
  id: "exportActivity",
  method: "GET",
  path: "/api/orchestration/fabric/{fabricId}/activity/export",
  tag: "Activity",
  summary: "Export the activity of a fabric, newest first",
  description:
    "A file without the envelope: all events that match, as CSV or as newline-delimited JSON. In CSV, a text that a spreadsheet would run as a formula begins with an apostrophe. A file that is cut ends with a broken connection.",
  failure: "Export failed",
  access: inFabric("activity:list"),
  query: filters.extend({ format: exportFormat }),
  data: z.object({ events: z.array(exportedEvent) }),
  files: Object.values(exportFormats),
  run: async (scope, { query: { format, ...filter } }) => {
    const file = {
      type: exportFormats[format],
      name: exportFileName(format),
      pieces: exportText(scope, filter, format),
    };
    return ok({ data: { events: [] }, file });
  },
});
