import "server-only";
import { z } from "zod";
import { listActivity } from "@/lib/activity/queries";
import { activityFilters, eventKindKeys, objectKinds } from "@/lib/audit/schema";
import { ok } from "@/lib/result";
import { inFabric, operation } from "@/web/management-api/define";

const id = z
  .string()
  .max(100)
  .regex(/^[^\0]*$/, "This is not a valid id.")
  .optional();

export const listFabricActivity = operation({
  id: "listActivity",
  method: "GET",
  path: "/api/orchestration/fabric/{fabricId}/activity",
  tag: "Activity",
  summary: "List the activity of a fabric, newest first",
  description: "Returns 50 events. For the next page, send `older` as `before`.",
  failure: "List activity failed",
  access: inFabric("activity:list"),
  query: z.object({
    from: activityFilters.from.optional().meta({
      description: "Only events since this day in UTC (`2026-03-01`) or moment (RFC 3339).",
    }),
    to: activityFilters.to.optional().meta({
      description: "Only events until the end of this day in UTC, or before this moment.",
    }),
    search: activityFilters.search.optional().meta({
      description: "Only events about objects, or by people and pipelines, with this text in their name.",
    }),
    before: id,
    after: id,
    actor: id.meta({ description: "Only events of the actor with this id." }),
    object: id.meta({ description: "Only events of the object with this id." }),
    kind: z.enum(objectKinds).optional(),
    event: z.enum(eventKindKeys).optional(),
  }),
  data: z.object({
    events: z.array(
      z.object({
        id: z.string(),
        at: z.string(),
        action: z.string(),
        actor: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
        object: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
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
