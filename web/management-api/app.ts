import "server-only";
import { finished } from "node:stream";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { findAccessTokenActor } from "@/lib/access-tokens/queries";
import type { Actor } from "@/lib/actor";
import { isOutage } from "@/lib/db/client";
import { type Saved, watchWrites } from "@/lib/db/writes";
import { webEnv } from "@/lib/env";
import { announcedBytes, createBodyMemory } from "@/lib/limits/body-memory";
import { isBusy } from "@/lib/limits/busy";
import { delayRefusal } from "@/lib/limits/delayed-refusal";
import type { RequestSlot } from "@/lib/limits/request-slots";
import { logFailure } from "@/lib/log";
import { securityHeaders } from "@/lib/next/security-headers";
import { sendFile, sendPages } from "@/lib/paged-answer";
import { Forbidden, isMisconfigured, NotFound, NotFresh, OutcomeUnknown, QuotaExceeded } from "@/lib/result";
import { wipeBytes } from "@/lib/wipe";
import { createAdmission, tooManyOfAddress } from "@/web/admission";
import { type ApiCode, apiCodes, type Failure, failure, reasonOf } from "@/web/management-api/answer";
import { countUnread, unreadAnswers } from "@/web/management-api/answer-memory";
import type { Operation } from "@/web/management-api/define";
import { operations } from "@/web/management-api/registry";
import { type ApiRequest, serve } from "@/web/management-api/serve";

/** A name of 128 characters. Percent-encoding can make each of them twelve characters long. */
const maxParamLength = 12 * 128;

/** Retry-After while a dependency does not answer, or a limit is reached. */
const retryAfterSeconds = 2;

/**
 * How long a token look-up stays valid within one request, in milliseconds. A client can send its body slowly,
 * and the token can be revoked in between.
 */
const lookUpAgainMs = 1_000;

declare module "fastify" {
  interface FastifyContextConfig {
    /** The operations of a path. */
    operations?: readonly Operation[];
  }
  interface FastifyRequest {
    operation: Operation | null;
    /** The person that the access token authenticates, and when web looked the token up. */
    apiActor: { actor: Actor & { kind: "user" }; foundAt: number } | null;
    slot: RequestSlot | null;
    /** The team of the fabric or team that the path names, once the person may use it. */
    apiTeamId: string | null;
  }
}

/**
 * The management API, which web's server calls before Next
 * (docs/decisions/0014-the-management-api-separate-from-next.md). Order: person from the access token in a header → scope
 * → parsed input → run → the documented envelope. Cookies are ignored. Unknown paths (404) and
 * unsupported methods (405) are answered before authentication.
 */
export function createManagementApi(admission = createAdmission(webEnv())): FastifyInstance {
  const { MAX_SECRET_BYTES, PUBLIC_URL } = webEnv();
  const headers = {
    ...securityHeaders(PUBLIC_URL.startsWith("https:")),
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
  };
  const bodyLimit = Math.ceil((MAX_SECRET_BYTES * 4) / 3) + 262_144;
  const bodyMemory = createBodyMemory(bodyLimit);
  const api: FastifyInstance = Fastify({
    logger: false,
    bodyLimit,
    routerOptions: {
      maxParamLength,
      ignoreTrailingSlash: true,
      querystringParser: (text) => Object.fromEntries(new URLSearchParams(text)),
    },
    // Fastify runs no hook for a path that it cannot decode.
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      answerFailure(reply.headers(headers), failure("invalid"));
    },
  });
  // Accept any content type, so that errors about it use the API's own envelope.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));
  api.decorateRequest("operation", null);
  api.decorateRequest("apiActor", null);
  api.decorateRequest("slot", null);
  api.decorateRequest("apiTeamId", null);
  // Every refusal that does not depend on the body happens before the body is read.
  api.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    // Without a body, an empty content type means nothing. With one, reading the body validates the type.
    if (request.headers["content-type"] === "") delete request.headers["content-type"];
    const own = request.routeOptions.config?.operations;
    if (!own) return answerFailure(reply, failure("not_found", "Path not found."));
    const method = request.method === "HEAD" ? "GET" : request.method;
    request.operation = own.find((operation) => operation.method === method) ?? null;
    if (!request.operation) {
      const allowed = own.map((operation) => operation.method).sort();
      return answerFailure(reply.header("allow", allowed.join(", ")), failure("method"));
    }
    // Web's server sets this header itself.
    const address = String(request.headers["x-forwarded-for"] ?? request.ip);
    const counted = admission.count(address, tokensOf(request)[0] ?? "");
    if (!counted.ok) return answerFailure(reply, rateLimited(tooManyOfAddress(counted.seconds)));
    const actor = await findActor(request);
    if (!actor) {
      counted.rejected();
      return answerFailure(reply, failure("unauthorized", hasTwoTokens(request) ? twoTokens : undefined));
    }
    counted.proven();
    const admitted = await admission.script(actor, reply.raw);
    if (!admitted.ok) return answerFailure(reply, rateLimited(admitted.refused));
    request.slot = admitted.slot;
    const release = bodyMemory(actor.id, announcedBytes(request.headers, bodyLimit));
    if (!release) return answerFailure(reply, failure("busy"));
    // Runs after the answer, and for a client that disconnects first, even during the token look-up.
    finished(reply.raw, () => release());
  });
  api.addHook("onSend", (request, reply, payload, done) => {
    const caller = request.apiActor?.actor;
    if (caller && typeof payload === "string")
      countUnread(reply, { callerId: caller.id, teamId: request.apiTeamId ?? undefined }, payload.length);
    done();
  });
  api.addHook("onSend", async (_request, { statusCode }) => {
    if (statusCode === 429) await delayRefusal();
  });
  // Runs for every answer, also for one whose client is gone.
  api.addHook("onSend", async ({ slot }) => slot?.workEnded());
  api.addHook("onResponse", async ({ body }) => wipeBytes(body));
  api.setErrorHandler((error: FastifyError, { raw }, reply) => {
    // A request that the client aborted is not reported as a server error.
    const code = raw.errored ? "invalid" : frameworkCodes[error.code];
    return answerFailure(reply, code ? failure(code) : failureOf(error, "nothing"));
  });
  for (const [path, own] of Map.groupBy(operations, (operation) => operation.path))
    api.route({
      method: api.supportedMethods,
      url: path.replace(/\{(\w+)\}/g, ":$1"),
      config: { operations: own },
      handler: answer,
    });
  return api;
}

async function answer(request: ApiRequest, reply: FastifyReply) {
  const { operation } = request;
  const actor = await findActor(request);
  if (!operation || !actor) return answerFailure(reply, failure("unauthorized"));
  // Fastify's own `request.signal` aborts as soon as the body has arrived.
  const disconnect = new AbortController();
  finished(reply.raw, (error) => error && disconnect.abort());
  const writes = watchWrites();
  const result = await writes
    .run(() => serve(operation, actor, request, disconnect.signal))
    .catch((error: unknown) => failureOf(error, writes.saved()));
  if (!result.ok) return answerFailure(reply, result);
  const { data, message, tag, later, file } = result.value;
  if (tag) reply.header("etag", tag);
  const envelope = { success: true, data, message };
  const reader = {
    callerId: actor.id,
    teamId: request.apiTeamId ?? undefined,
    memory: unreadAnswers,
    beforePage: () => requireAccess(operation, request),
    onFailure: (error: unknown) => failureOf(error, "nothing"),
  };
  if (file)
    return sendFile(reply, file, reader).catch((error: unknown) =>
      answerFailure(reply, failureOf(error, "nothing")),
    );
  if (!later) return envelope;
  const tail = "]}}";
  const head = JSON.stringify(envelope).slice(0, -tail.length);
  reply.type("application/json; charset=utf-8");
  return sendPages(reply, { head, later, tail }, reader);
}

/** Throws when the caller's token or role ended. */
async function requireAccess({ access }: Operation, request: ApiRequest): Promise<void> {
  const before = request.apiActor;
  const actor = await findActor(request);
  if (!actor) throw new NotFound("The access token has ended.");
  if (request.apiActor !== before) await access.scopeOf(actor, request.params);
}

type Authenticated = Pick<ApiRequest, "apiActor" | "headers">;

async function findActor(request: Authenticated): Promise<(Actor & { kind: "user" }) | undefined> {
  if (!request.apiActor || performance.now() - request.apiActor.foundAt > lookUpAgainMs) {
    const [token = ""] = hasTwoTokens(request) ? [] : tokensOf(request);
    const actor = await findAccessTokenActor(token);
    request.apiActor = actor && { actor, foundAt: performance.now() };
  }
  return request.apiActor?.actor;
}

const twoTokens =
  "X-AUTH-TOKEN and Authorization have different access tokens. Send one of the two headers, or the same token in both.";

/** The access tokens in the two headers that carry one. Other schemes of Authorization belong to a proxy. */
function tokensOf({ headers }: Authenticated): string[] {
  const own = headers["x-auth-token"];
  const [, bearer] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? "") ?? [];
  return [...new Set([own, bearer].flatMap((token) => token || []))];
}

function hasTwoTokens(request: Authenticated): boolean {
  return tokensOf(request).length > 1;
}

/** Fastify's own error codes for malformed requests. */
const frameworkCodes: Readonly<Record<string, ApiCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "media_type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "invalid",
};

function failureOf(error: unknown, saved: Saved): Failure {
  if (error instanceof NotFound) return failure("not_found");
  if (error instanceof Forbidden) return failure("forbidden");
  if (error instanceof NotFresh) return failure("interactive");
  if (isBusy(error)) return failure(error.isOwn ? "busy" : "overloaded", error.message);
  if (error instanceof QuotaExceeded) return failure("quota_exceeded", error.message);
  logFailure("management API", error);
  if (saved === "unknown" || error instanceof OutcomeUnknown) return failure("outcome_unknown");
  if (saved === "something") return failure("partly_saved");
  if (isMisconfigured(error)) return failure("misconfigured");
  return failure(isOutage(error) ? "database_unavailable" : "unexpected");
}

function rateLimited({ seconds, message }: { seconds: number; message: string }): Failure {
  return { ...failure("rate_limited", message), retryAfterSeconds: seconds };
}

/** Sends the documented failure envelope, with field errors. */
function answerFailure(reply: FastifyReply, failed: Failure) {
  const { code, fieldErrors = {} } = failed;
  // Keep the connection, so that Node.js drains the rest of the body. Otherwise the client could fail before
  // it reads this answer.
  if (code === "too_large") reply.removeHeader("connection");
  const { status } = apiCodes[code];
  if (status === 503 || status === 429)
    reply.header("retry-after", failed.retryAfterSeconds ?? retryAfterSeconds);
  return reply.code(status).send({
    success: false,
    message: `${reply.request.operation?.failure ?? "Request failed"} due to : ${reasonOf(failed)}`,
    fieldErrors: Object.keys(fieldErrors).length > 0 ? fieldErrors : undefined,
  });
}
