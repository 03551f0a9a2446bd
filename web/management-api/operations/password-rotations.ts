import "server-only";
import * as z from "zod";
import { authorize } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import { checkCodes } from "@/lib/connectors/check-protocol";
import { removeRotation, startRotation } from "@/lib/password-rotations/mutations";
import { getRotation } from "@/lib/password-rotations/queries";
import {
  alphabetSchema,
  passwordRunStates,
  type RotationDetail,
  type RunSummary,
  rotationMethods,
  rotationProblems,
  serverStates,
} from "@/lib/password-rotations/schema";
import { clock, problemTexts, runText } from "@/lib/password-rotations/texts";
import { NotFound, ok } from "@/lib/result";
import { type ApiResult, failure } from "@/web/management-api/answer";
import { inFabric, operation, type Reply } from "@/web/management-api/define";

const path = "/api/orchestration/fabric/{fabricId}/secret/id/{secretId}/rotation";

const onScreen =
  "An Admin sets a rotation up in the app, after a recent sign-in: an access token cannot, because that decides which passwords Selvage sets, and where.";

const lastRun = z.object({
  state: z.enum(passwordRunStates).meta({
    description:
      "`setting`: the server may have either value. `set`: it has the new one. `promoted`: the new one is current. It ends `done` or `failed`.",
  }),
  serverHas: z.enum(serverStates).meta({ description: "The value that the server has now." }),
  title: z.string().meta({ description: "What happened, in words." }),
  code: z.enum(checkCodes).optional(),
  refusedBy: z.array(z.string()).meta({ description: "The connections that refused the new value." }),
  user: z
    .string()
    .optional()
    .meta({ description: "The user that gets a new password or key, if it is not the only one." }),
  version: z.number().int().nullable().meta({ description: "The version that the new value became." }),
  gapMs: z.number().int().optional().meta({
    description: "For how long pipelines had a value that the server did not have, in milliseconds.",
  }),
  startedAt: z.string(),
  startedBy: z.string(),
  endedAt: z.string().nullable(),
});

const rotationObject = z.object({
  method: z.enum(rotationMethods).meta({
    description:
      "`own`: a user changes its own password. `pair`: an administrator sets those of two users in turn. `key_pair`: a user sets its own two public keys in turn.",
  }),
  connection: z.object({
    id: z.string(),
    name: z.string().nullable().meta({ description: "Null when it no longer uses the secret." }),
  }),
  administrator: z.string().optional().meta({ description: "Of a pair: the administrator’s secret." }),
  users: z.array(z.string()),
  length: z.number().int(),
  alphabet: alphabetSchema,
  everyDays: z.number().int().nullable().meta({ description: "Null: only when an Admin starts it." }),
  window: z
    .object({
      start: z.string().meta({ description: "HH:MM, in UTC." }),
      minutes: z.number().int(),
    })
    .nullable(),
  overlapMinutes: z.number().int().optional().meta({
    description: "Of a pair or a key pair: for how long at least the former user or key keeps working.",
  }),
  dueAt: z.string().nullable().meta({ description: "When the schedule rotates next." }),
  problem: z.enum(rotationProblems).nullable().meta({
    description: "Why the schedule could not begin its last run.",
  }),
  problemTitle: z.string().optional().meta({ description: "The problem, in words." }),
  setBy: z.string(),
  setAt: z.string(),
  lastRun: lastRun.nullable(),
});

export const getRotationOperation = operation({
  id: "getRotation",
  method: "GET",
  path,
  tag: "Secrets",
  summary: "Get how Selvage rotates a secret, and its last run",
  description: onScreen,
  failure: "Get Rotation failed",
  access: inFabric("secret:list"),
  data: rotationObject,
  run: async (scope, { params }) => replyOf(scope, params.secretId ?? ""),
});

export const runRotationOperation = operation({
  id: "runRotation",
  method: "POST",
  path: `${path}/run`,
  tag: "Secrets",
  summary: "Rotate a secret now",
  description:
    "For an Admin, and only as an Admin set it up. It goes on in the background: get the rotation until `endedAt` of its last run is set.",
  failure: "Run Rotation failed",
  access: inFabric("rotation:run"),
  data: rotationObject,
  run: async (scope, { params }) => {
    const secretId = params.secretId ?? "";
    const started = await startRotation(scope, { secretId });
    if (!started.ok) return refusal(started.code, started.fieldErrors?.root);
    return replyOf(await authorize(scope.actor, scope.fabricId, "secret:list"), secretId);
  },
});

export const endRotationOperation = operation({
  id: "endRotation",
  method: "DELETE",
  path,
  tag: "Secrets",
  summary: "End the rotation of a secret",
  description: `For an Admin. The value stays, here and at the server. ${onScreen}`,
  failure: "End Rotation failed",
  access: inFabric("rotation:run"),
  data: z.object({ id: z.string() }),
  run: async (scope, { params }) => {
    const secretId = params.secretId ?? "";
    const ended = await removeRotation(scope, { secretId });
    return ended.ok ? ok({ data: { id: secretId } }) : refusal(ended.code);
  },
});

type Refused = Extract<Awaited<ReturnType<typeof startRotation>>, { ok: false }>["code"];

function refusal(code: Refused, reason?: string) {
  switch (code) {
    case "reauthenticate":
      return failure("interactive");
    case "automate_unavailable":
    case "key_service_unavailable":
    case "refused":
      return failure(code);
    default:
      return failure("conflict", reason ?? problemTexts[code]);
  }
}

async function replyOf(
  scope: Scope<"secret:list">,
  secretId: string,
): Promise<ApiResult<Reply<z.input<typeof rotationObject>>>> {
  const { settings, runs } = await getRotation(scope, secretId);
  if (!settings) throw new NotFound("Rotation not found.");
  return ok({ data: { ...objectOf(settings), lastRun: runs[0] ? runOf(runs[0]) : null } });
}

function objectOf(settings: NonNullable<RotationDetail["settings"]>) {
  const { method, users, length, alphabet, everyDays, problem, dueAt, windowStart, windowMinutes } = settings;
  return {
    ...{ method, users, length, alphabet, everyDays, problem },
    connection: { id: settings.connectionId, name: settings.connectionName },
    ...(settings.administratorName === null ? {} : { administrator: settings.administratorName }),
    window:
      windowStart === null || windowMinutes === null
        ? null
        : { start: clock(windowStart), minutes: windowMinutes },
    ...(method !== "own" ? { overlapMinutes: settings.overlapMinutes } : {}),
    ...(problem === null ? {} : { problemTitle: problemTexts[problem] }),
    dueAt: dueAt?.toISOString() ?? null,
    setBy: settings.setByName,
    setAt: settings.setAt.toISOString(),
  };
}

function runOf(run: RunSummary): z.input<typeof lastRun> {
  const { state, serverHas, code, refusedBy, user, version, gapMs, startedAt, startedByName, endedAt } = run;
  return {
    ...{ state, serverHas, title: runText(run), refusedBy, version },
    ...(code === null ? {} : { code }),
    ...(user === "" ? {} : { user }),
    ...(gapMs === null ? {} : { gapMs }),
    startedAt: startedAt.toISOString(),
    startedBy: startedByName,
    endedAt: endedAt?.toISOString() ?? null,
  };
}
