import "server-only";
import * as z from "zod";
import { authorize } from "@/lib/access/authorize";
import { usersOf } from "@/lib/connections/using";
import { expiringDays, expirySources } from "@/lib/expiry/schema";
import { ok } from "@/lib/result";
import { isCursor } from "@/lib/secrets/keyset";
import { subKinds } from "@/lib/secrets/kinds/registry";
import { createSecret, deleteSecret } from "@/lib/secrets/mutations";
import { getSecret, listSecrets } from "@/lib/secrets/queries";
import {
  maxShownConnections,
  maxShownReaders,
  type SecretSummary,
  secretEtag,
  secretSorts,
  secretStates,
  shownDays,
  unusedForDays,
  usedForDays,
} from "@/lib/secrets/schema";
import { updateSecret } from "@/lib/secrets/update";
import { type ApiResult, failure, invalidField } from "@/web/management-api/answer";
import { connectionObject } from "@/web/management-api/bodies/connection-object";
import {
  bodyPathOf,
  createInputOf,
  createSecretBody,
  replacementOf,
  secretBase,
  updateSecretBody,
} from "@/web/management-api/bodies/secret";
import { inFabric, operation } from "@/web/management-api/define";
import { foreignCursor, listQuery, listReply, who } from "@/web/management-api/parts";

/** A secret in the form in which connections refer to it. */
export const secretReference = z.object({
  kind: z.literal("prophecy"),
  subKind: z.enum(subKinds),
  properties: z.object({ id: z.string(), name: z.string() }),
  type: z.literal("secret"),
});

const secretObject = secretReference.extend({
  description: z.string(),
  version: z.number().int(),
  usedBy: z.number().int().meta({ description: "Number of connections that reference it." }),
  usedByRotations: z.number().int().meta({
    description: "Number of rotations that sign in with it, as their administrator’s secret.",
  }),
  failing: z.number().int().meta({ description: "Number of these connections that are disconnected." }),
  rotationFails: z.boolean().meta({ description: "True while its own rotation fails." }),
  usedByPipelines: z
    .number()
    .int()
    .meta({ description: `Number of pipelines that read it in the last ${usedForDays} days.` }),
  lastReadAt: z
    .string()
    .nullable()
    .meta({ description: `When a pipeline last read it; null if none did in the last ${usedForDays} days.` }),
  lastUsedAt: z
    .string()
    .nullable()
    .meta({ description: "When a pipeline last read it, or a check last sent it; null for never." }),
  facts: z
    .object({
      fileName: z.string(),
      sizeBytes: z.number().int(),
      certificate: z.object({ subject: z.string(), issuer: z.string(), expiresAt: z.string() }),
      authHost: z.string(),
    })
    .partial()
    .meta({
      description:
        "Public metadata of the value: the name, size and certificate of a file, the host of an Auth URL.",
    }),
  expiresAt: z.string().nullable().meta({ description: "When the current value expires; null for never." }),
  expirySource: z
    .enum(expirySources)
    .nullable()
    .meta({ description: "Where that date comes from: somebody entered it, or the value carries it." }),
  owner: z.string().nullable().meta({
    description: "The e-mail address of the member who takes care of it; null for the Admins of the team.",
  }),
  ...who,
});
const idOnly = z.object({ id: z.string() });
const path = "/api/orchestration/fabric/{fabricId}/secret";
const onePath = `${path}/id/{secretId}` as const;

export const listSecretsByFabric = operation({
  id: "listSecretsByFabric",
  method: "GET",
  path,
  tag: "Secrets",
  summary: "List secrets of a fabric",
  description: "All secrets, or one page with `limit`. Answers never contain values.",
  failure: "List Secrets failed",
  access: inFabric("secret:list"),
  query: listQuery.extend({
    type: z.enum(subKinds).optional().meta({ description: "Only secrets of this type." }),
    state: z
      .enum(secretStates)
      .optional()
      .meta({
        description: `Only secrets in this state. \`expiring\`: within ${expiringDays} days, or expired. \`failing\`: a connection that uses it is disconnected. \`new_value\`: a new value waits to be promoted. \`unused\`: created and last used more than ${unusedForDays} days ago. \`never_replaced\`: still at its first version.`,
      }),
    sort: z.enum(secretSorts).default("name"),
    order: z.enum(["asc", "desc"]).default("asc"),
  }),
  data: z.object({ secrets: z.array(secretObject), next: z.string().nullable().optional() }),
  run: async (scope, { query: { limit, after, search, type, state, sort, order } }) => {
    if (after !== undefined && !isCursor(sort, after)) return invalidField("after", foreignCursor);
    const query = { search: search ?? "", type, state, sort, order };
    return listReply({ limit, after }, async (from, size) => {
      const { secrets, next } = await listSecrets(scope, { ...query, after: from }, size);
      return { secrets: secrets.map(objectOf), next };
    });
  },
});

export const createSecretOperation = operation({
  id: "createSecret",
  method: "POST",
  path,
  tag: "Secrets",
  summary: "Create a secret",
  failure: "Create Secret failed",
  access: inFabric("secret:write"),
  body: createSecretBody,
  base: secretBase,
  data: idOnly,
  example: {
    kind: "prophecy",
    subKind: "text",
    properties: { name: "your-secret-name", value: "your-secret-value" },
  },
  run: async (scope, { body, idempotent }) =>
    replyOf(await createSecret(scope, createInputOf(body), idempotent)),
  replay: async (_scope, id) => ok({ data: { id } }),
});

export const getSecretById = operation({
  id: "getSecretById",
  method: "GET",
  path: onePath,
  tag: "Secrets",
  summary: "Get a secret, without its value",
  failure: "Get Secret failed",
  access: inFabric("secret:list"),
  data: secretObject,
  run: async (scope, { params }) => {
    const secret = await getSecret(scope, params.secretId ?? "");
    return ok({ data: objectOf(secret), tag: secretEtag(secret) });
  },
});

export const updateSecretOperation = operation({
  id: "updateSecret",
  method: "PUT",
  path: onePath,
  tag: "Secrets",
  summary: "Update a secret",
  description:
    "Absent fields stay unchanged: the value without `properties.value`, and each absent field of a type with several fields. The type cannot change. A new value is current at once, for all connections and pipelines; `createCandidate` stores one that is checked with every connection first, and promoted by another request.",
  failure: "Update Secret failed",
  access: inFabric("secret:write"),
  body: updateSecretBody,
  base: secretBase,
  data: idOnly.extend({
    destinationsKept: z.boolean().optional().meta({
      description:
        "With `keepDestinations`: false if no destination is allowed for the new value yet, because someone else entered a part of it, or because Automate is not available.",
    }),
  }),
  isConditional: true,
  example: {
    kind: "prophecy",
    subKind: "text",
    properties: { name: "your-secret-name", value: "your-new-secret-value" },
  },
  run: async (scope, { params, body, ifMatch, idempotent }) => {
    if (body.properties.fileName !== undefined && !body.properties.value)
      return invalidField(
        "properties.fileName",
        "A file name requires the file's bytes: send `value` as well.",
      );
    const input = {
      secretId: params.secretId ?? "",
      subKind: body.subKind,
      name: body.properties.name,
      description: body.description,
      replacement: replacementOf(body),
      expiresAt: body.expiresAt,
      owner: body.owner,
      keepDestinations: body.keepDestinations ?? true,
      ifMatch,
    };
    const updated = await updateSecret(scope, input, idempotent);
    if (!updated.ok) return replyOf(updated);
    const { id, tag, destinationsKept } = updated.value;
    return ok({ data: { id, ...(body.keepDestinations ? { destinationsKept } : {}) }, tag });
  },
  replay: async (scope, id) => {
    const reader = await authorize(scope.actor, scope.fabricId, "secret:list");
    return ok({ data: { id }, tag: secretEtag(await getSecret(reader, id)) });
  },
});

export const deleteSecretOperation = operation({
  id: "deleteSecret",
  method: "DELETE",
  path: onePath,
  tag: "Secrets",
  summary: "Delete a secret that no connection and no rotation uses",
  description:
    "Nothing can use it any more. It stays in the trash for some days, see `listTrashByFabric`. Its creator and Admins can use its name at once.",
  failure: "Delete Secret failed",
  access: inFabric("secret:delete:own"),
  data: idOnly,
  isConditional: true,
  run: async (scope, { params, ifMatch }) => {
    const secretId = params.secretId ?? "";
    const deleted = await deleteSecret(scope, { secretId, ifMatch });
    if (deleted.ok) return ok({ data: { id: secretId } });
    if (deleted.code === "changed") return failure("changed");
    return failure("in_use", `It is used by: ${deleted.fieldErrors?.users ?? "a connection"}.`);
  },
});

export const getSecretUsage = operation({
  id: "getSecretUsage",
  method: "GET",
  path: `${onePath}/usage`,
  tag: "Secrets",
  summary: "List where a secret is used",
  description: `The connections that reference it (the first ${maxShownConnections} by name; \`listConnectionsByFabric\` with \`secretId\` lists all), the rotations that sign in with it, the pipelines that read it in the last ${usedForDays} days (the newest ${maxShownReaders}), and the allowed destinations of its current value.`,
  failure: "Get Secret usage failed",
  access: inFabric("secret:list"),
  data: z.object({
    usedBy: z.number().int().meta({ description: "Number of connections that reference it." }),
    lastUsedAt: z
      .string()
      .nullable()
      .meta({ description: "When a pipeline last read it, or a check last sent it; null for never." }),
    version: z.number().int().meta({ description: "The current version." }),
    versionSetAt: z.string().meta({ description: "When the current version was stored." }),
    connections: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        kind: z.string(),
        state: connectionObject.shape.status.shape.state,
        code: z.string().optional().meta({ description: "Why it is disconnected." }),
        checkedAt: z.string().optional(),
      }),
    ),
    rotations: z.array(z.object({ id: z.string(), name: z.string() })).meta({
      description: "The secrets whose rotation signs in with it, as their administrator’s secret.",
    }),
    pipelines: z.array(
      z.object({
        id: z.string().meta({ description: "The pipeline token or the trusted issuer." }),
        name: z.string().meta({ description: "The pipeline token, or the trusted issuer and the workload." }),
        lastReadAt: z.string(),
        version: z.number().int().meta({ description: "The version that it last read." }),
        reads: z.number().int(),
        firstReadAt: z.string().optional().meta({ description: "The first of these reads, if it is known." }),
        secretName: z.string().optional().meta({ description: "The name by which it reads." }),
        connection: z.string().optional().meta({ description: "The connection through which it reads." }),
      }),
    ),
    readsByDay: z.array(z.number().int()).meta({
      description: `The reads by pipelines on each of the last ${shownDays} days, in UTC, oldest first.`,
    }),
    destinations: z.array(z.string()),
  }),
  run: async (scope, { params }) => {
    const secret = await getSecret(scope, params.secretId ?? "");
    const { usedBy, lastUsedAt, rotations, readsByDay, destinations } = secret;
    const { version, versionSetAt, connections, readers } = await usersOf(scope, secret);
    return ok({
      data: {
        usedBy,
        lastUsedAt: lastUsedAt?.toISOString() ?? null,
        version,
        versionSetAt: isoOf(versionSetAt),
        connections: connections.map(({ kindName: _, code, checkedAt, ...connection }) => ({
          ...connection,
          ...(code === null ? {} : { code }),
          ...(checkedAt === null ? {} : { checkedAt: isoOf(checkedAt) }),
        })),
        rotations,
        pipelines: readers.map(
          ({ pipelineId, pipeline, name, connection, firstReadAt, lastReadAt, ...read }) => ({
            id: pipelineId,
            name: pipeline,
            lastReadAt: isoOf(lastReadAt),
            ...read,
            ...(firstReadAt === null ? {} : { firstReadAt: isoOf(firstReadAt) }),
            ...(name === null ? {} : { secretName: name }),
            ...(connection === null ? {} : { connection }),
          }),
        ),
        readsByDay: [...readsByDay],
        destinations: destinations.map(({ destination }) => destination),
      },
    });
  },
});

function isoOf(time: Date | string): string {
  return new Date(time).toISOString();
}

function objectOf(secret: SecretSummary): z.input<typeof secretObject> {
  const { id, name, subKind, description, version, usedBy, pipelines, lastReadAt } = secret;
  const { expiry: _carried, ...facts } = secret.metadata;
  return {
    kind: "prophecy",
    subKind,
    properties: { id, name },
    type: "secret",
    description,
    version,
    usedBy,
    usedByRotations: secret.usedByRotations,
    failing: secret.failing,
    rotationFails: secret.rotationFails,
    usedByPipelines: pipelines,
    lastReadAt: lastReadAt?.toISOString() ?? null,
    lastUsedAt: secret.lastUsedAt?.toISOString() ?? null,
    facts,
    expiresAt: secret.expiry?.at.toISOString() ?? null,
    expirySource: secret.expiry?.source ?? null,
    owner: secret.owner?.email ?? null,
    createdAt: secret.createdAt.toISOString(),
    createdBy: secret.createdByName,
    updatedAt: secret.updatedAt.toISOString(),
    updatedBy: secret.updatedByName,
  };
}

type Written =
  | { ok: true; value: { id: string } }
  | {
      ok: false;
      code: "name_taken" | "too_large" | "changed" | "wrong_type" | "not_a_member";
      fieldErrors?: Record<string, string>;
    };

function replyOf(written: Written): ApiResult<{ data: { id: string } }> {
  if (written.ok) return ok({ data: { id: written.value.id } });
  const { code, fieldErrors = {} } = written;
  if (code === "wrong_type")
    return invalidField("subKind", "The secret has another type, and the type cannot change.");
  if (code === "not_a_member") return invalidField("owner", "No member of the team has this address.");
  const bodyErrors = Object.entries(fieldErrors).map(([field, message]) => [bodyPathOf(field), message]);
  return failure(code, undefined, Object.fromEntries(bodyErrors));
}
