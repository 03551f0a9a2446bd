import "server-only";
import * as z from "zod";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { currentReferences, secretsOfSettings } from "@/lib/connections/current-references";
import {
  type ConnectionCode,
  createConnection,
  deleteConnection,
  updateConnection,
} from "@/lib/connections/mutations";
import { findConnectionId, getConnection, listConnections } from "@/lib/connections/queries";
import { type ConnectionSummary, connectionEtag } from "@/lib/connections/schema";
import { sentKey } from "@/lib/connectors/destination";
import { db } from "@/lib/db/client";
import { postgresText } from "@/lib/db/text";
import { listRotatedThrough } from "@/lib/password-rotations/queries";
import { NotFound, ok } from "@/lib/result";
import { type InlineSecret, inlineSecret } from "@/lib/secrets/inline";
import { type Failure, failure, invalidField } from "@/web/management-api/answer";
import {
  createConnectionBody,
  type ReadProperties,
  readProperties,
  updateConnectionBody,
} from "@/web/management-api/bodies/connection";
import { connectionObject, objectOf } from "@/web/management-api/bodies/connection-object";
import { inFabric, operation } from "@/web/management-api/define";
import { emptyAsAbsent, listQuery, listReply } from "@/web/management-api/parts";

const path = "/api/orchestration/fabric/{fabricId}/connection";
const onePath = `${path}/name/{connectionName}` as const;

export const listConnectionsByFabric = operation({
  id: "listConnectionsByFabric",
  method: "GET",
  path,
  tag: "Connections",
  summary: "List connections of a fabric",
  description:
    "All connections, the SQL warehouse first. With `limit`, one page; the first page has the warehouse in addition.",
  failure: "List connections failed",
  access: inFabric("connection:list"),
  query: listQuery.extend({
    secretId: emptyAsAbsent(postgresText(64)).meta({ description: "Only those that use this secret." }),
  }),
  data: z.object({ Connections: z.array(connectionObject), next: z.string().nullable().optional() }),
  run: (scope, { query: { search = "", secretId, limit, after } }) =>
    listReply({ limit, after }, async (from, size) => {
      const page = await listConnections(scope, { search, secret: secretId, after: from }, size);
      return { Connections: withWarehouse(page, search).map(objectOf), next: page.next };
    }),
});

type Page = Awaited<ReturnType<typeof listConnections>>;

/** Puts the warehouse, if it matches the search, before the connections of the first page. */
function withWarehouse({ warehouse, connections }: Page, search: string): ConnectionSummary[] {
  const own = warehouse?.connection;
  const isMatch = own && `${own.name}\n${own.description}`.toLowerCase().includes(search.toLowerCase());
  return isMatch ? [own, ...connections] : connections;
}

export const createConnectionOperation = operation({
  id: "createConnection",
  method: "POST",
  path,
  tag: "Connections",
  summary: "Create a connection",
  description:
    "The properties depend on the kind. The connection is stored without a check: check it afterwards. Pipelines can use it, and its check can pass, once its destinations are allowed. Saving allows them if the same access token entered the whole value of each of its secrets within the last ten minutes, and no destination was allowed for those values before: one connection for each value, and none in a locked fabric. Others are allowed in the app; `notAllowed` lists them.",
  failure: "Create connection failed",
  access: inFabric("connection:write"),
  body: createConnectionBody,
  data: connectionObject,
  example: {
    name: "rest_api_1",
    kind: "restapi",
    isDefaultWarehouseConnection: false,
    properties: { baseUrl: "https://api.example.com" },
  },
  run: async (scope, { body, idempotent }) => {
    const read = readProperties(body.kind, body.properties);
    if (!read.ok) return read;
    const own = await ownSecret(scope, body, read.value);
    const { name, kind, description = "", isDefaultWarehouseConnection } = body;
    const input = { name, kind, description, isDefaultWarehouseConnection, properties: own.properties };
    const before = own.secret ? { before: own.secret.before } : {};
    const created = await createConnection(scope, input, { idempotent, ...before });
    if (!created.ok) return failureOf(created);
    return replyFor(scope, created.value.id);
  },
  replay: replyFor,
});

export const getConnectionByName = operation({
  id: "getConnectionByName",
  method: "GET",
  path: onePath,
  tag: "Connections",
  summary: "Get a connection",
  failure: "Get connection failed",
  access: inFabric("connection:list"),
  data: connectionObject.extend({
    rotations: z.array(z.string()).meta({
      description: "The names of the secrets whose rotation goes through it, and fails without it.",
    }),
  }),
  run: async (scope, { params }) => {
    const connection = await getConnection(scope, await requireId(scope, params.connectionName));
    const rotated = await listRotatedThrough(scope, connection.id);
    const rotations = rotated.map(({ name }) => name);
    return ok({ data: { ...objectOf(connection), rotations }, tag: connectionEtag(connection) });
  },
});

export const updateConnectionOperation = operation({
  id: "updateConnection",
  method: "PUT",
  path: onePath,
  tag: "Connections",
  summary: "Update a connection",
  description:
    "Send `name`, `kind` and `isDefaultWarehouseConnection` unchanged, and all `properties` that the kind requires. New destinations are allowed as in createConnection.",
  failure: "Update connection failed",
  access: inFabric("connection:write"),
  body: updateConnectionBody,
  data: connectionObject,
  isConditional: true,
  example: {
    name: "rest_api_1",
    kind: "restapi",
    isDefaultWarehouseConnection: false,
    properties: { baseUrl: "https://api.example.com/v2" },
  },
  run: async (scope, { params, body, ifMatch, idempotent }) => {
    const id = body.name === params.connectionName ? await findConnectionId(scope, body.name) : null;
    if (id === null) return failure("unknown_connection", unknownText(scope.fabricId, body.name));
    const former = await getConnection(await authorize(scope.actor, scope.fabricId, "connection:list"), id);
    if (former.kind !== body.kind) return invalidField("kind", "The kind of a connection cannot change.");
    if (former.isWarehouse !== body.isDefaultWarehouseConnection)
      return invalidField("isDefaultWarehouseConnection", "This cannot change.");
    const read = readProperties(body.kind, body.properties);
    if (!read.ok) return read;
    const own = await ownSecret(scope, former, read.value, former);
    const { description = former.description } = body;
    const input = { connectionId: id, name: former.name, description, properties: own.properties };
    const before = own.secret ? { before: own.secret.before } : {};
    const updated = await updateConnection(scope, input, { ifMatch, idempotent, ...before });
    if (!updated.ok) return failureOf(updated);
    return updatedReply(scope, id);
  },
  replay: updatedReply,
});

export const deleteConnectionOperation = operation({
  id: "deleteConnection",
  method: "DELETE",
  path: onePath,
  tag: "Connections",
  summary: "Delete a connection; its secrets stay",
  description: "It stays in the trash for some days, see `listTrashByFabric`. Its name is free at once.",
  failure: "Delete connection failed",
  access: inFabric("connection:write"),
  data: z.object({ id: z.string().meta({ description: "The name of the connection." }) }),
  isConditional: true,
  run: async (scope, { params, ifMatch }) => {
    const connectionId = await requireId(scope, params.connectionName);
    const deleted = await deleteConnection(scope, { connectionId, ifMatch });
    if (!deleted.ok) return failure(deleted.code);
    return ok({ data: { id: params.connectionName ?? "" } });
  },
});

/** The id of the connection that the path names. */
export async function requireId(
  scope: Parameters<typeof findConnectionId>[0],
  name: string | undefined,
): Promise<string> {
  const id = await findConnectionId(scope, name ?? "");
  if (id === null) throw new NotFound("Connection not found.");
  return id;
}

/** The connection's current state, for the caller that just wrote it. */
async function replyFor({ actor, fabricId }: Scope<"connection:write">, id: string) {
  const reader = await authorize(actor, fabricId, "connection:list");
  const connection = await getConnection(reader, id);
  return ok({ data: objectOf(connection), tag: connectionEtag(connection) });
}

/** As documented: the message has two empty lists, for errors and warnings. */
async function updatedReply(scope: Scope<"connection:write">, id: string) {
  const { value } = await replyFor(scope, id);
  return ok({ ...value, message: "List(), List()" });
}

/** Creates a secret from an inline value, and returns the properties with that secret's id. */
async function ownSecret(
  scope: Scope<"connection:write">,
  { name: connectionName, kind }: { name: string; kind: string },
  { properties, inline }: ReadProperties,
  former?: ConnectionSummary,
): Promise<{ properties: Record<string, unknown>; secret?: InlineSecret }> {
  if (!inline) return { properties };
  const writer = await authorize(scope.actor, scope.fabricId, "secret:write");
  const reference = former?.references.find(({ field }) => field === inline.field);
  const secret = await inlineSecret(writer, {
    value: inline.value,
    connectionName,
    current: former &&
      reference && {
        secretId: reference.secretId,
        connectionId: former.id,
        destinations: await destinationsWith(scope, { kind, properties }, inline.field, reference.secretId),
      },
  });
  return { properties: { ...properties, [inline.field]: secret.secretId }, secret };
}

/** The destinations of these settings for one secret. */
async function destinationsWith(
  { fabricId }: Scope<"connection:write">,
  settings: { kind: string; properties: Record<string, unknown> },
  field: string,
  secretId: string,
): Promise<string[]> {
  const current = await currentReferences(db, { fabricId }, [secretId]);
  return secretsOfSettings({ ...settings, references: [{ field, secretId }] }, current).flatMap(
    ({ destinations }) => destinations.flatMap((key) => [key, sentKey(key)]),
  );
}

/** Maps a failed write to the API's failure. */
export function failureOf({
  code,
  fieldErrors,
}: {
  code: ConnectionCode;
  fieldErrors?: Record<string, string>;
}): Failure {
  if (code === "name_taken" || code === "changed") return failure(code, undefined, fieldErrors);
  return failure("invalid", undefined, fieldErrors);
}

function unknownText(fabricId: string, name: string): string {
  return `No connection found for fabric ${fabricId} and connection id ${name}`;
}
