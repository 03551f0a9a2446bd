import "server-only";
import * as z from "zod";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { fabricEtag } from "@/lib/fabrics/etag";
import { deleteFabric, updateFabric } from "@/lib/fabrics/mutations";
import { getFabric, isFabricCursor, listFabrics } from "@/lib/fabrics/queries";
import { type FabricSummary, fabricDescription, fabricName, providerKeys } from "@/lib/fabrics/schema";
import { ifMatchSatisfied } from "@/lib/if-match";
import { ok } from "@/lib/result";
import { failure, invalidField } from "@/web/management-api/answer";
import { createFabricBody, makeFabric } from "@/web/management-api/bodies/fabric";
import { secretBase } from "@/web/management-api/bodies/secret";
import { everyone, inFabric, operation } from "@/web/management-api/define";
import { emptyAsAbsent, foreignCursor, listQuery, listReply } from "@/web/management-api/parts";

const path = "/api/orchestration/fabric";
const onePath = `${path}/{fabricId}` as const;
const idOnly = z.object({ id: z.string() });

const fabricObject = z.object({
  fabricID: z.string(),
  name: z.string(),
  teamID: z.string(),
  teamName: z.string(),
  description: z.string(),
  provider: z.enum(providerKeys),
  secrets: z.number().int().meta({ description: "Number of secrets." }),
  connections: z.number().int().meta({ description: "Number of connections." }),
  createdAt: z.string(),
  createdBy: z.string(),
});

export const listFabricsOperation = operation({
  id: "listFabrics",
  method: "GET",
  path,
  tag: "Fabrics",
  summary: "List the fabrics of your teams",
  description: "All fabrics, or one page with `limit`.",
  failure: "List fabrics failed",
  access: everyone,
  query: listQuery.extend({
    team: z.string().max(64).optional().meta({ description: "Only fabrics of the team with this id." }),
    provider: z.enum(providerKeys).optional(),
  }),
  data: z.object({ fabrics: z.array(fabricObject), next: z.string().nullable().optional() }),
  run: async (actor, { query: { search = "", limit, after, team, provider } }) => {
    if (after !== undefined && !isFabricCursor(after)) return invalidField("after", foreignCursor);
    return listReply({ limit, after }, async (from, size) => {
      const { fabrics, next } = await listFabrics(actor, { search, team, provider, after: from }, size);
      return { fabrics: fabrics.map(objectOf), next };
    });
  },
});

export const createFabricOperation = operation({
  id: "createFabric",
  method: "POST",
  path,
  tag: "Fabrics",
  summary: "Create a fabric, optionally with one secret and one connection",
  description:
    "In the connection's properties, the string `{{SECRET}}` stands for the secret that the same request creates. With `shouldTest` (the default), the connection is checked, and nothing is created if the check fails.",
  failure: "Fabric creation failed",
  access: everyone,
  body: createFabricBody,
  base: z.object({ secret: secretBase.optional() }),
  data: idOnly,
  example: {
    name: "API_Generated_Fabric",
    description: "This is a description of the fabric.",
    teamName: "devTeam",
    provider: "databricks",
    secret: {
      kind: "prophecy",
      subKind: "text",
      properties: { name: "databricks-pat", value: "secret_value" },
    },
    connection: {
      name: "databricks_pat_1",
      kind: "databricks",
      isDefaultWarehouseConnection: true,
      shouldTest: false,
      properties: {
        authType: "pat",
        jdbcUrl:
          "jdbc:databricks://dbc-a1b2345c-d6e7.cloud.databricks.com:443/default;transportMode=http;ssl=1;AuthMech=3;httpPath=/sql/1.0/warehouses/1234567890abcdef;",
        catalog: "main",
        schema: "default",
        token: "{{SECRET}}",
      },
    },
  },
  run: makeFabric,
  replay: async (_actor, id) => ok({ data: { id } }),
});

export const getFabricById = operation({
  id: "getFabricById",
  method: "GET",
  path: onePath,
  tag: "Fabrics",
  summary: "Get a fabric",
  failure: "Get fabric failed",
  access: inFabric("fabric:see"),
  data: fabricObject,
  run: async (scope) => {
    const fabric = await getFabric(scope);
    return ok({ data: objectOf(fabric), tag: fabricEtag(fabric) });
  },
});

export const updateFabricOperation = operation({
  id: "updateFabric",
  method: "PUT",
  path: onePath,
  tag: "Fabrics",
  summary: "Update name and description of a fabric",
  description: "Absent fields stay unchanged.",
  failure: "Fabric update failed",
  access: inFabric("fabric:write"),
  body: z.object({ name: emptyAsAbsent(fabricName), description: fabricDescription.unwrap().optional() }),
  data: idOnly,
  isConditional: true,
  example: { name: "API_Generated_Fabric_renamed" },
  run: async (scope, { body, ifMatch, idempotent }) => {
    const updated = await updateFabric(scope, body, { ifMatch, idempotent });
    if (!updated.ok) return failure(updated.code, undefined, updated.fieldErrors);
    return ok({ data: { id: scope.fabricId }, tag: updated.value.tag });
  },
  replay: async (scope, id) => {
    const fabric = await getFabric(await authorize(scope.actor, scope.fabricId, "fabric:see"));
    return ok({ data: { id }, tag: fabricEtag(fabric) });
  },
});

export const deleteFabricOperation = operation({
  id: "deleteFabric",
  method: "DELETE",
  path: onePath,
  tag: "Fabrics",
  summary: "Delete a fabric with everything in it",
  description:
    "The fabric, its secrets and its connections are out of reach at once, and its name is free. Its pipeline tokens and trusted issuers end for good. Its keys are destroyed after a time that the operator sets, 7 days by default: then its sealed values can never be opened again. Until then an Admin of the team can undo the deletion in Selvage, under Metadata. Its events stay in the audit log.",
  failure: "Fabric deletion failed",
  access: inFabric("fabric:delete"),
  data: idOnly,
  isConditional: true,
  run: async (scope: Scope<"fabric:delete">, { ifMatch }) => {
    const fabric = await getFabric(await authorize(scope.actor, scope.fabricId, "fabric:see"));
    if (!ifMatchSatisfied(ifMatch, fabricEtag(fabric))) return failure("changed");
    const deleted = await deleteFabric(scope);
    if (deleted.ok) return ok({ data: { id: scope.fabricId } });
    return failure(deleted.code === "automate_unavailable" ? deleted.code : "refused");
  },
});

function objectOf({
  id,
  team,
  createdAt,
  createdByName,
  ...fabric
}: FabricSummary): z.input<typeof fabricObject> {
  const { name, description, provider, secrets, connections } = fabric;
  return {
    fabricID: id,
    name,
    teamID: team.id,
    teamName: team.name,
    description,
    provider,
    secrets,
    connections,
    createdAt: createdAt.toISOString(),
    createdBy: createdByName,
  };
}
