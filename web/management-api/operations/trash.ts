import "server-only";
import * as z from "zod";
import { restoreConnection } from "@/lib/connections/trash";
import { ok } from "@/lib/result";
import { restoreSecret } from "@/lib/secrets/restore";
import { isCursor, listTrash } from "@/lib/trash/queries";
import { restoredName, type TrashItem, trashTypes } from "@/lib/trash/schema";
import { failure, invalidField } from "@/web/management-api/answer";
import { inFabric, operation } from "@/web/management-api/define";
import { foreignCursor, listQuery, listReply } from "@/web/management-api/parts";

const path = "/api/orchestration/fabric/{fabricId}/trash";

const trashObject = z.object({
  type: z.enum(trashTypes),
  id: z.string(),
  name: z.string(),
  kind: z.string().meta({ description: "The `subKind` of a secret, or the `kind` of a connection." }),
  deletedAt: z.string(),
  deletedBy: z.string(),
  purgeAt: z.string().meta({ description: "From when Selvage purges it for good." }),
  isNameTaken: z
    .boolean()
    .meta({ description: "True when another one has its name now: restore it under another name." }),
  waitsFor: z
    .array(z.string())
    .meta({ description: "The secrets that a connection uses and that must be restored first." }),
});
const restored = z.object({ id: z.string(), name: z.string() });

export const listTrashByFabric = operation({
  id: "listTrashByFabric",
  method: "GET",
  path,
  tag: "Trash",
  summary: "List deleted secrets and connections",
  description:
    "Those that can be restored, the newest first: all of them, or one page with `limit`. Answers never contain values.",
  failure: "List Trash failed",
  access: inFabric("trash:list"),
  query: listQuery.extend({
    type: z.enum(trashTypes).optional().meta({ description: "Only secrets, or only connections." }),
  }),
  data: z.object({ items: z.array(trashObject), next: z.string().nullable().optional() }),
  run: async (scope, { query: { limit, after, search = "", type } }) => {
    if (after !== undefined && !isCursor(after)) return invalidField("after", foreignCursor);
    return listReply({ limit, after }, async (from, size) => {
      const { items, next } = await listTrash(scope, { search, type, after: from }, size);
      return { items: items.map(objectOf), next };
    });
  },
});

export const restoreSecretOperation = operation({
  id: "restoreSecret",
  method: "POST",
  path: `${path}/secret/{secretId}/restore`,
  tag: "Trash",
  summary: "Restore a deleted secret",
  description:
    "With its versions, former names and allowed destinations. An Admin may restore any secret, a User those that they created and deleted themselves. Send `name` if another secret has its name now.",
  failure: "Restore Secret failed",
  access: inFabric("secret:restore:own"),
  body: z.strictObject({ name: restoredName.secret.optional() }).default({}),
  data: restored,
  example: { name: "your-secret-name" },
  run: async (scope, { params, body }) => {
    const result = await restoreSecret(scope, { secretId: params.secretId ?? "", ...body });
    return result.ok ? ok({ data: result.value }) : failure("name_taken", undefined, result.fieldErrors);
  },
});

export const restoreConnectionOperation = operation({
  id: "restoreConnection",
  method: "POST",
  path: `${path}/connection/{connectionId}/restore`,
  tag: "Trash",
  summary: "Restore a deleted connection",
  description:
    "With its settings and its references to secrets. Send `name` if another connection has its name now.",
  failure: "Restore Connection failed",
  access: inFabric("connection:write"),
  body: z.strictObject({ name: restoredName.connection.optional() }).default({}),
  data: restored,
  example: { name: "rest_api_1" },
  run: async (scope, { params, body }) => {
    const result = await restoreConnection(scope, { connectionId: params.connectionId ?? "", ...body });
    if (result.ok) return ok({ data: result.value });
    if (result.code === "name_taken") return failure("name_taken", undefined, result.fieldErrors);
    return failure("in_trash", `Restore these secrets first: ${result.fieldErrors?.secrets ?? ""}.`);
  },
});

function objectOf({ deletedByName, deletedAt, purgeAt, ...item }: TrashItem): z.input<typeof trashObject> {
  const { type, id, name, kind, isNameTaken, waitsFor } = item;
  return {
    ...{ type, id, name, kind, isNameTaken, waitsFor },
    deletedAt: deletedAt.toISOString(),
    deletedBy: deletedByName,
    purgeAt: purgeAt.toISOString(),
  };
}
