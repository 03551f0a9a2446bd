import "server-only";
import * as z from "zod";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { startChecks } from "@/lib/candidates/checks";
import {
  createCandidate,
  discardCandidate,
  promoteCandidate,
  undoReplacement,
} from "@/lib/candidates/mutations";
import { getCandidate } from "@/lib/candidates/queries";
import {
  type CandidateConnection,
  candidateHours,
  candidateStates,
  discardTexts,
  maxShownConsumers,
  verdictOf,
  verdicts,
} from "@/lib/candidates/schema";
import { checkCodes } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { candidateNumber, type PromoteProblem } from "@/lib/internal-api/bodies/candidate";
import type { Unserved } from "@/lib/internal-api/client";
import { NotFound, ok } from "@/lib/result";
import { getSecret } from "@/lib/secrets/queries";
import { type ReplaceSecretInput, undoHours } from "@/lib/secrets/schema";
import { keptDestinationIds } from "@/lib/secrets/update";
import { type ApiResult, type Failure, failure, invalidField } from "@/web/management-api/answer";
import { bodyPathOf, replacementOf, secretBase, updateSecretBody } from "@/web/management-api/bodies/secret";
import { inFabric, operation, type Reply } from "@/web/management-api/define";

const onePath = "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}";
const candidatePath = `${onePath}/candidate` as const;

/** How long one request checks. A caller that is told of unchecked connections asks again. */
const checkForMs = 20_000;

const candidateObject = z.object({
  candidate: z.number().int().meta({ description: "Its number, which is not a version." }),
  state: z.enum(candidateStates),
  baseVersion: z.number().int().meta({ description: "The version that it would replace." }),
  version: z.number().int().nullable().meta({ description: "The version that it became, once promoted." }),
  createdBy: z.string().nullable(),
  createdAt: z.string().nullable(),
  expiresAt: z.string().meta({ description: "When it is deleted unless somebody promotes it." }),
  connections: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        kind: z.string(),
        verdict: z.enum(verdicts).meta({
          description:
            "`untried`: the check says nothing about the value, for example because its destination is not allowed for it.",
        }),
        code: z.enum(checkCodes).optional(),
        title: z.string().optional().meta({ description: "The reason, in words." }),
        field: z.string().optional().meta({ description: "The property of the connection to correct." }),
      }),
    )
    .meta({ description: `The connections that use the secret: the first ${maxShownConsumers} by name.` }),
  total: z.number().int().meta({ description: "Number of connections that use the secret." }),
});

export const createCandidateOperation = operation({
  id: "createCandidate",
  method: "POST",
  path: candidatePath,
  tag: "Secrets",
  summary: "Enter a new value that is not current yet",
  description: `Check it with the connections that use the secret, then promote it. The current value stays until then. A secret has one open candidate; it expires after ${candidateHours} hours. The body is that of \`updateSecret\` without name and description.`,
  failure: "Create Candidate failed",
  access: inFabric("secret:write"),
  body: updateSecretBody,
  base: secretBase,
  data: z.object({ candidate: z.number().int() }),
  example: { kind: "prophecy", subKind: "text", properties: { value: "your-new-secret-value" } },
  run: async (scope, { params, body, idempotent }) => {
    const secretId = params.secretId ?? "";
    const { name } = body.properties;
    if (name !== undefined) return invalidField("properties.name", "A candidate changes only the value.");
    const replacement = replacementOf(body);
    if (!replacement) return invalidField("properties.value", "Send the new value.");
    const reader = await authorize(scope.actor, scope.fabricId, "secret:list");
    const { version, subKind } = await getSecret(reader, secretId);
    if (subKind !== body.subKind)
      return invalidField("subKind", "The secret has another type, and the type cannot change.");
    const keeps = body.keepDestinations ?? true;
    const input = {
      ...replacement,
      secretId,
      expectedVersion: version,
      destinationIds: keeps ? await keptDestinationIds(scope, secretId) : [],
      ...(body.expiresAt ? { expiresAt: body.expiresAt } : {}),
    } as ReplaceSecretInput;
    const created = await createCandidate(scope, input, idempotent);
    if (created.ok) return ok({ data: created.value });
    const { code, fieldErrors = {} } = created;
    if (code !== "too_large") return failure("conflict", Object.values(fieldErrors)[0]);
    const bodyErrors = Object.entries(fieldErrors).map(([field, message]) => [bodyPathOf(field), message]);
    return failure(code, undefined, Object.fromEntries(bodyErrors));
  },
  replay: async (_scope, candidate) => ok({ data: { candidate: Number(candidate) } }),
});

export const getCandidateOperation = operation({
  id: "getCandidate",
  method: "GET",
  path: candidatePath,
  tag: "Secrets",
  summary: "Get the newest candidate of a secret, without its value",
  failure: "Get Candidate failed",
  access: inFabric("secret:list"),
  data: candidateObject,
  run: async (scope, { params }) => replyOf(scope, params.secretId ?? ""),
});

export const checkCandidateOperation = operation({
  id: "checkCandidate",
  method: "POST",
  path: `${candidatePath}/check`,
  tag: "Secrets",
  summary: "Check the connections of a secret with its candidate",
  description: `Checks those that were not checked yet, or the named ones, for at most ${checkForMs / 1000} seconds. Ask again while a connection is \`unchecked\`. A candidate is sent only where the current value is allowed and its author kept that.`,
  failure: "Check Candidate failed",
  access: inFabric("connection:check"),
  body: z.object({ connectionIds: z.array(z.string().max(64)).max(1000).optional() }).optional(),
  data: candidateObject,
  example: {},
  run: async (scope, { params, body, signal }) => {
    const secretId = params.secretId ?? "";
    const reader = await authorize(scope.actor, scope.fabricId, "secret:list");
    const candidate = await getCandidate(reader, secretId);
    if (candidate?.state !== "open") throw new NotFound("The secret has no open candidate.");
    const subject = { secretId, candidate: candidate.candidate, connectionIds: body?.connectionIds };
    const until = AbortSignal.any([signal, AbortSignal.timeout(checkForMs)]);
    const started = await startChecks(scope, subject, until);
    if (!started.ok) return failure(started.code);
    // The results are stored before they are sent.
    await new Response(started.value).arrayBuffer().catch(() => undefined);
    return replyOf(reader, secretId);
  },
});

export const promoteCandidateOperation = operation({
  id: "promoteCandidate",
  method: "POST",
  path: `${candidatePath}/promote`,
  tag: "Secrets",
  summary: "Make a candidate the current version",
  description:
    "For all connections and pipelines at once, in one transaction. Each connection must have passed with it, or be in `accepted`.",
  failure: "Promote Candidate failed",
  access: inFabric("secret:write"),
  body: z.object({
    candidate: candidateNumber,
    accepted: z
      .array(z.string().max(64))
      .max(1000)
      .default([])
      .meta({ description: "Ids of the connections that may fail with the new value." }),
  }),
  data: z.object({ version: z.number().int() }),
  example: { candidate: 1 },
  run: async (scope, { params, body }) => {
    const promoted = await promoteCandidate(scope, { secretId: params.secretId ?? "", ...body });
    if (!promoted.ok) return unserved(promoted.code);
    const { value } = promoted;
    return "problem" in value ? failure("conflict", problemText(value)) : ok({ data: value });
  },
});

export const discardCandidateOperation = operation({
  id: "discardCandidate",
  method: "DELETE",
  path: candidatePath,
  tag: "Secrets",
  summary: "Discard the open candidate of a secret",
  description: "Its value is deleted.",
  failure: "Discard Candidate failed",
  access: inFabric("secret:write"),
  data: z.object({ candidate: z.number().int() }),
  run: async (scope, { params }) => {
    const secretId = params.secretId ?? "";
    const reader = await authorize(scope.actor, scope.fabricId, "secret:list");
    const found = await getCandidate(reader, secretId);
    if (!found || found.closedAt !== null) throw new NotFound("The secret has no open candidate.");
    const { candidate } = found;
    const discarded = await discardCandidate(scope, { secretId, candidate });
    if (discarded.ok) return ok({ data: { candidate } });
    if (discarded.code === "rotating") return failure("conflict", discardTexts.rotating);
    if (discarded.code === "closed")
      return failure("conflict", "Someone promoted or discarded it at the same time.");
    return unserved(discarded.code);
  },
});

export const undoReplacementOperation = operation({
  id: "undoReplacement",
  method: "POST",
  path: `${onePath}/undo`,
  tag: "Secrets",
  summary: "Bring back the value before the current one",
  description: `As a new version, for all connections and pipelines at once. Possible for ${undoHours} hours after a replacement, and longer where the fabric keeps former versions.`,
  failure: "Undo failed",
  access: inFabric("secret:write"),
  body: z.object({
    version: z.number().int().meta({ description: "The current version, which is taken back." }),
  }),
  data: z.object({ version: z.number().int() }),
  example: { version: 2 },
  run: async (scope, { params, body }) => {
    const undone = await undoReplacement(scope, {
      secretId: params.secretId ?? "",
      expectedVersion: body.version,
    });
    if (!undone.ok) return unserved(undone.code);
    const { value } = undone;
    if (!("problem" in value)) return ok({ data: value });
    if (value.problem === "too_late") return failure("conflict", "The former value is not kept any more.");
    return failure(
      "conflict",
      `${value.by} replaced the value: version ${value.version} is the current one.`,
    );
  },
});

async function replyOf(
  scope: Scope<"secret:list">,
  secretId: string,
): Promise<ApiResult<Reply<z.input<typeof candidateObject>>>> {
  const found = await getCandidate(scope, secretId);
  if (!found) throw new NotFound("The secret has no candidate.");
  const { candidate, state, baseVersion, promotedVersion, createdByName, createdAt, expiresAt, total } =
    found;
  return ok({
    data: {
      candidate,
      state,
      baseVersion,
      version: promotedVersion,
      createdBy: createdByName,
      createdAt: createdAt?.toISOString() ?? null,
      expiresAt: expiresAt.toISOString(),
      connections: found.connections.map(connectionOf),
      total,
    },
  });
}

function connectionOf({ id, name, kind, result }: CandidateConnection) {
  const verdict = verdictOf(result);
  const { code = null, field = null } = result ?? {};
  return {
    id,
    name,
    kind,
    verdict,
    ...(code === null ? {} : { code, title: checkTexts[code].title }),
    ...(field === null ? {} : { field }),
  };
}

function unserved(code: Unserved): Failure {
  return failure(code === "reauthenticate" ? "interactive" : code);
}

function problemText(problem: PromoteProblem): string {
  switch (problem.problem) {
    case "promoted":
    case "discarded":
      return `${problem.by} has ${problem.problem} it.`;
    case "expired":
      return "It has expired: enter it again.";
    case "outdated":
      return `${problem.by} replaced the value: version ${problem.version} is the current one.`;
    case "unaccepted":
      return `These connections have not passed with it: ${problem.connections.map(({ name }) => name).join(", ")}.`;
    default:
      return problem satisfies never;
  }
}
