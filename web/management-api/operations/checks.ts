import "server-only";
import * as z from "zod";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { waitForCheck } from "@/lib/connections/check";
import { getConnection } from "@/lib/connections/queries";
import { checkCodes, checkSteps } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { ok, under } from "@/lib/result";
import { type ApiResult, failure } from "@/web/management-api/answer";
import { checkConnectionBody, readProperties } from "@/web/management-api/bodies/connection";
import { inFabric, operation, type Reply } from "@/web/management-api/define";
import { requireId } from "@/web/management-api/operations/connections";

/** The result of a check. A failed check is a result, not an error of the request. */
const checkObject = z.object({
  ok: z.boolean(),
  ms: z.number().int(),
  steps: z.array(
    z.object({
      step: z.enum(checkSteps),
      state: z.enum(["started", "passed", "skipped"]),
      ms: z.number().int().optional(),
    }),
  ),
  code: z.enum(checkCodes).optional(),
  step: z.enum(checkSteps).optional().meta({ description: "The step that failed." }),
  field: z.string().optional().meta({ description: "The property to correct." }),
  title: z.string().optional().meta({ description: "The reason, in words." }),
  advice: z.string().optional().meta({ description: "How to fix it." }),
  facts: z.record(z.string(), z.string()).optional(),
  newPlaces: z
    .array(z.object({ secret: z.string(), destinations: z.array(z.string()) }))
    .optional()
    .meta({ description: "Destinations to which a secret would be sent for the first time." }),
});

export const checkConnection = operation({
  id: "checkConnection",
  method: "POST",
  path: "/api/orchestration/fabric/{fabricId}/connection/check",
  tag: "Connections",
  summary: "Check an unsaved connection",
  description:
    "Signs in and performs one read, as a pipeline would. Secrets are sent only to allowed destinations. A new destination is confirmed in the app.",
  failure: "Check connection failed",
  access: inFabric("connection:check"),
  body: checkConnectionBody,
  data: checkObject,
  example: { kind: "restapi", properties: { baseUrl: "https://api.example.com" } },
  run: async (scope, { body, signal }) => {
    const read = readProperties(body.kind, body.properties);
    if (!read.ok) return read;
    if (read.value.inline)
      return failure("invalid", undefined, {
        [`properties.${read.value.inline.field}`]:
          "Only a stored secret can be checked: create one, and reference it.",
      });
    const { properties } = read.value;
    return check(scope, { kind: body.kind, name: body.name ?? "", properties }, signal);
  },
});

export const checkConnectionByName = operation({
  id: "checkConnectionByName",
  method: "POST",
  path: "/api/orchestration/fabric/{fabricId}/connection/name/{connectionName}/check",
  tag: "Connections",
  summary: "Check a saved connection",
  failure: "Check connection failed",
  access: inFabric("connection:check"),
  description: "Secrets are sent only to allowed destinations. A new destination is confirmed in the app.",
  body: z.object({}).optional(),
  data: checkObject,
  example: {},
  run: async (scope, { params, signal }) => {
    const reader = await authorize(scope.actor, scope.fabricId, "connection:list");
    const saved = await getConnection(reader, await requireId(scope, params.connectionName));
    const { kind, name, properties } = saved;
    return check(scope, { kind, name, properties }, signal);
  },
});

/**
 * Runs a check to its end. An access token never allows a destination: an attacker who stole it could send
 * its owner's secrets there.
 */
async function check(
  scope: Scope<"connection:check">,
  input: Omit<Parameters<typeof waitForCheck>[1], "isConfirmed">,
  signal: AbortSignal,
): Promise<ApiResult<Reply<z.input<typeof checkObject>>>> {
  const checked = await waitForCheck(scope, { ...input, isConfirmed: false }, signal);
  if (!checked.ok) return failure("invalid", undefined, under("properties", checked.fieldErrors));
  const { steps, result } = checked.value;
  const stepObjects = steps.map(({ step, state, ms }) => ({
    step,
    state,
    ...(ms === undefined ? {} : { ms }),
  }));
  const { ms, facts } = result;
  const common = { ms, steps: stepObjects, ...(facts ? { facts: stringsOf(facts) } : {}) };
  if (result.ok) return ok({ data: { ok: true, ...common } });
  const { code, step, field, newDestinations } = result;
  const { title, advice } = checkTexts[code];
  const failed = {
    code,
    step,
    title,
    advice,
    ...(field ? { field } : {}),
    ...(newDestinations ? { newPlaces: newDestinations } : {}),
  };
  return ok({ data: { ok: false, ...common, ...failed } });
}

function stringsOf(facts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]) => (fact === undefined ? [] : [[name, fact]])),
  );
}
