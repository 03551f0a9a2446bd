import "server-only";
import * as z from "zod";
import { planByName, promoteByName } from "@/lib/promotions/by-name";
import { promoteByNameInput } from "@/lib/promotions/schema";
import { ok } from "@/lib/result";
import { subKinds } from "@/lib/secrets/kinds/registry";
import { failure } from "@/web/management-api/answer";
import { inFabric, operation } from "@/web/management-api/define";

const path = "/api/orchestration/fabric/{fabricId}/promotion";
const example = { from: "the-other-fabric-id", connections: [{ name: "Orders" }] };

export const planPromotionOperation = operation({
  id: "planPromotion",
  method: "POST",
  path: `${path}/dry-run`,
  tag: "Connections",
  summary: "Plan a promotion into this fabric",
  description:
    "Changes nothing. `use` is the secret of this fabric that each secret becomes, or null; `problems` has a sentence for each name that stands in the way.",
  failure: "Promotion failed",
  access: inFabric("connection:write"),
  body: promoteByNameInput,
  data: z.object({
    connections: z.array(
      z.object({ name: z.string(), as: z.string(), kind: z.string(), hosts: z.array(z.string()) }),
    ),
    secrets: z.array(
      z.object({
        name: z.string(),
        subKind: z.enum(subKinds),
        usedBy: z.array(z.string()),
        use: z.string().nullable(),
      }),
    ),
    problems: z.record(z.string(), z.string()),
  }),
  example,
  run: async (scope, { body }) => ok({ data: await planByName(scope, body) }),
});

export const promoteOperation = operation({
  id: "promoteConnections",
  method: "POST",
  path,
  tag: "Connections",
  summary: "Promote connections of another fabric into this one",
  description:
    "Stores the settings of connections of the fabric `from` here: all, or none. Each uses secrets of this fabric. No value is copied, and no destination is allowed: that needs a person in the app.",
  failure: "Promotion failed",
  access: inFabric("connection:write"),
  body: promoteByNameInput,
  data: z.object({ connections: z.array(z.object({ id: z.string(), name: z.string() })) }),
  example,
  run: async (scope, { body }) => {
    const promoted = await promoteByName(scope, body);
    if (promoted.ok) return ok({ data: { connections: promoted.value.connections } });
    return failure("conflict", undefined, promoted.fieldErrors);
  },
});
