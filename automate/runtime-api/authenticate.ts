import type { FastifyReply, FastifyRequest } from "fastify";
import { busyRefusal, Refusal } from "@/automate/http/error";
import { authorizeWorkloadToken } from "@/automate/runtime-api/authorize-workload";
import { isWorkloadToken } from "@/automate/runtime-api/token-lifetime";
import { recordRefusal } from "@/automate/secrets/aggregated-events";
import { reserveMemory, sizeOf } from "@/automate/secrets/answer-memory";
import type { Caller } from "@/automate/secrets/read-secret";
import { recordTokenUse } from "@/automate/secrets/token-use";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import { authorizePipeline, type PipelineAnswer } from "@/lib/access/pipeline";
import { automateEnv } from "@/lib/env";
import { type AddressLimit, createAddressLimit } from "@/lib/limits/address-limit";
import type { AnswerReader } from "@/lib/limits/answer-memory";
import { isBusy } from "@/lib/limits/busy";
import { createRateLimit, type RateLimit } from "@/lib/limits/rate-limit";
import { waitForSlot } from "@/lib/limits/request-slots";
import { createSlots, type Slots } from "@/lib/limits/slots";

type Refused = Pick<
  Extract<PipelineAnswer, { refused: unknown }>["refused"],
  "actor" | "teamId" | "fabricId"
>;

type Limits = { rate: RateLimit; address: AddressLimit; slots: Slots };
let limits: Limits | undefined;

function limitsOfCallers(): Limits {
  const { RUNTIME_RATE_PER_MINUTE, RUNTIME_ADDRESS_RATE_PER_MINUTE, RUNTIME_CONCURRENCY } = automateEnv();
  limits ??= {
    rate: createRateLimit({ perMinute: RUNTIME_RATE_PER_MINUTE, table: "rate_window" }),
    address: createAddressLimit(RUNTIME_ADDRESS_RATE_PER_MINUTE),
    slots: createSlots({ atOncePerKey: RUNTIME_CONCURRENCY, waitingPerKey: 32 * RUNTIME_CONCURRENCY }),
  };
  return limits;
}

/**
 * Authenticates a runtime request by a pipeline token, or by a workload token of an issuer that the fabric
 * trusts. Takes 1 from the caller's rate, waits for a slot, and records when the token was last used.
 *
 * Throws `Refusal` 401 when the token is missing, unknown, expired, revoked or sent from a forbidden address,
 * and 429 when the rate is used up or too many requests wait. All 401 answers are identical.
 */
export function requirePipeline(request: FastifyRequest): Promise<Caller> {
  const credential = { token: bearerOf(request), fabric: fabricOf(request), source: request.ip };
  return authenticate(request, credential);
}

/** A token as a request names it, the fabric that a workload names, and the source address. */
export type Credential = { token: string | undefined; fabric: string | undefined; source: string };

/** `requirePipeline` for a token that is not in the Authorization header. */
export async function authenticate(
  request: FastifyRequest,
  { token, fabric, source }: Credential,
): Promise<Caller> {
  const counted = limitsOfCallers().address.count(source, token ?? null);
  if (!counted.ok) throw tooManyUnknown(counted.seconds);
  const answer = token ? await authorizeToken(token, source, fabric) : null;
  if (answer && "refused" in answer) await recordRefusedToken(answer.refused, answer.refused.code, source);
  if (!answer || !("scope" in answer)) {
    counted.rejected();
    throw unauthorized();
  }
  counted.proven();
  const caller = { scope: answer.scope, source };
  await recordIfRefused(caller, async () => {
    await requireRate(caller, 1);
    await requireSlot(request, answer.scope.actor.id);
  });
  await recordTokenUse(answer.scope.actor.id);
  return caller;
}

/** Throws `Refusal` 401 if the access of an authenticated request has ended since. Takes nothing from the rate. */
export async function requireAccess({ token, fabric, source }: Credential): Promise<void> {
  const answer = token ? await authorizeToken(token, source, fabric) : null;
  if (!answer || !("scope" in answer)) throw unauthorized();
}

async function requireSlot(request: FastifyRequest, actorId: string): Promise<void> {
  if (await waitForSlot(request, limitsOfCallers().slots, actorId)) return;
  const message = "Too many requests with this token at once. Read the pending responses first, then retry.";
  throw new Refusal(429, "busy", message, { retryAfterSeconds: 1 });
}

function tooManyUnknown(retryAfterSeconds: number): Refusal {
  const message = "Too many requests without a valid token from this address. Retry in the next minute.";
  return new Refusal(429, "rate_limited", message, { retryAfterSeconds });
}

/** The credential of the Authorization header, if there is one. */
export function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

/** The fabric that a request names in X-Selvage-Fabric. */
export function fabricOf(request: FastifyRequest): string | undefined {
  const fabric = request.headers["x-selvage-fabric"];
  return typeof fabric === "string" ? fabric : undefined;
}

/** The one answer to every credential that is not valid. */
export function unauthorized(): Refusal {
  return new Refusal(
    401,
    "unauthorized",
    "Send a valid pipeline token of a fabric as “Authorization: Bearer …”, or a token of an issuer that the fabric trusts.",
  );
}

/**
 * Several fabrics may trust the issuer with an audience that is not a fabric's own. The workload then names
 * its fabric, by id or name, in X-Selvage-Fabric.
 */
async function authorizeToken(
  token: string,
  source: string,
  fabric: string | undefined,
): Promise<PipelineAnswer | null> {
  return isWorkloadToken(token)
    ? authorizeWorkloadToken(token, { fabric, source })
    : authorizePipeline(token, source);
}

/**
 * Takes `count` requests from the caller's rate, one for each requested secret. Throws `Refusal` 429 when too few
 * are left, and 413 when a whole minute has fewer.
 */
export function takeFromRate(caller: Caller, count: number): Promise<void> {
  return recordIfRefused(caller, () => requireRate(caller, count));
}

async function requireRate({ scope }: Caller, count: number): Promise<void> {
  const { rate } = limitsOfCallers();
  if (count > rate.perMinute)
    throw new Refusal(
      413,
      "too_many",
      "Too many secrets: the request exceeds the token's limit for one minute. Request fewer.",
    );
  const retryAfterSeconds = await rate.take(scope.actor.id, count);
  if (retryAfterSeconds === null) return;
  const message = "Too many requests with this token. Retry in the next minute.";
  throw new Refusal(429, "rate_limited", message, { retryAfterSeconds });
}

/** Reserves memory for the files of an answer. Throws `Refusal` 429 or 503 when too little is left. */
export async function reserveAnswerMemory(
  caller: Caller,
  reply: FastifyReply,
  secrets: readonly Pick<UsableSecret, "metadata">[],
): Promise<void> {
  await recordIfRefused(caller, async () => reserveMemory(reply, readerOf(caller), sizeOf(secrets)));
}

/** Whose share of memory the answers to a caller use. */
export function readerOf({ scope: { actor, teamId } }: Caller): AnswerReader {
  return { callerId: actor.id, teamId };
}

/** Runs `take`. If it throws `Refusal` or `Busy`, records the refusal before the caller receives it. */
export async function recordIfRefused<T>({ scope, source }: Caller, take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (thrown) {
    const error = isBusy(thrown) ? busyRefusal(thrown) : thrown;
    if (error instanceof Refusal) await recordRefusedToken(scope, error.code, source);
    throw error;
  }
}

/** The most source addresses of one token with their own audit events in a minute. */
const maxSources = 20;
let sources = { minute: 0, of: new Map<string, Set<string>>() };

/**
 * The source as recorded. Limited, because a holder of a revoked token could fill the audit log from every
 * address of a network.
 */
function recordedSource(key: string, source: string): string {
  const minute = Math.floor(Date.now() / 60_000);
  if (sources.minute !== minute) sources = { minute, of: new Map() };
  const seen = sources.of.get(key) ?? new Set();
  sources.of.set(key, seen);
  if (!seen.has(source) && seen.size >= maxSources) return "other addresses";
  seen.add(source);
  return source;
}

/**
 * Records a refusal. A caller may retry endlessly, so the first refusal of a minute is recorded at once and
 * the others are counted.
 */
export async function recordRefusedToken(
  { actor, teamId, fabricId }: Refused,
  code: string,
  from: string,
): Promise<void> {
  const source = recordedSource(`${code} ${actor.id}`, from);
  await recordRefusal(JSON.stringify([code, actor.id, actor.name, source]), {
    actor,
    teamId,
    fabricId,
    action: "token.refuse",
    object: { kind: "token", id: actor.id, name: actor.name },
    details: { code, source },
  });
}
