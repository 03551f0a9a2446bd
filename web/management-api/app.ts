import "server-only";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { findAccessTokenActor } from "@/lib/access-tokens/queries";
import type { Actor } from "@/lib/actor";
import { isOutage } from "@/lib/db/client";
import { type Saved, watchWrites } from "@/lib/db/writes";
import { webEnv } from "@/lib/env";
import { idempotentRequest } from "@/lib/idempotency/request";
import { logFailure } from "@/lib/log";
import { announcedBytes, type BodyBudget, createBodyBudget } from "@/lib/next/body-budget";
import { securityHeaders } from "@/lib/next/security-headers";
import { Forbidden, isMisconfigured, NotFound, NotFresh, OutcomeUnknown } from "@/lib/result";
import { wipeBytes } from "@/lib/wipe";
import {
  type ApiCode,
  type ApiResult,
  apiCodes,
  type Failure,
  failure,
  reasonOf,
} from "@/web/management-api/answer";
import type { Operation, Reply } from "@/web/management-api/define";
import { operations } from "@/web/management-api/registry";

/** A name of 128 characters. Percent-encoding can make each of them twelve characters long. */
const maxParamLength = 12 * 128;

/** Retry-After while a dependency does not answer. */
const retryAfterSeconds = 2;

/**
 * How long a token look-up stays valid within one request, in milliseconds. A client can send its body slowly,
 * and the token can be revoked in between.
 */
const lookUpAgainMs = 1_000;

declare module "fastify" {
  interface FastifyContextConfig {
    /** The beginning of the route's failure messages. */
    failure?: string;
  }
  interface FastifyRequest {
    /** The person that X-AUTH-TOKEN authenticates, and when web looked the token up. */
    apiActor: { actor: Actor & { kind: "user" }; foundAt: number } | null;
  }
}

/**
 * The management API, which web's server calls before Next
 * (docs/decisions/0014-the-management-api-beside-next.md). Order: person from the X-AUTH-TOKEN header → scope
 * → parsed input → run → the documented envelope. Cookies are ignored. Unknown paths and unsupported methods
 * get the same answer.
 */
export function createManagementApi(): FastifyInstance {
  const { MAX_SECRET_BYTES, PUBLIC_URL } = webEnv();
  const headers = {
    ...securityHeaders(PUBLIC_URL.startsWith("https:")),
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
  };
  const bodyLimit = Math.ceil((MAX_SECRET_BYTES * 4) / 3) + 262_144;
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
  api.decorateRequest("apiActor", null);
  // Every refusal that does not depend on the body happens before the body is read.
  api.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    // Without a body, an empty content type means nothing. With one, reading the body validates the type.
    if (request.headers["content-type"] === "") delete request.headers["content-type"];
    if (request.is404) return answerFailure(reply, failure("not_found", "There is nothing at this path."));
  });
  api.addHook("onResponse", async ({ body }) => wipeBytes(body));
  // A request that the client aborted is not reported as a server error.
  api.setErrorHandler((error: FastifyError, { raw }, reply) => {
    const known = raw.errored ? "invalid" : ofFramework[error.code];
    return answerFailure(reply, known ? failure(known) : thrown(error, "nothing"));
  });
  const room = createBodyBudget(bodyLimit);
  for (const [path, own] of Map.groupBy(operations, (operation) => operation.path)) {
    const url = path.replace(/\{(\w+)\}/g, ":$1");
    for (const operation of own) route(api, url, operation, room, bodyLimit);
    refuseOtherMethods(
      api,
      url,
      own.map(({ method }) => method),
    );
  }
  return api;
}

function route(
  api: FastifyInstance,
  url: string,
  operation: Operation,
  room: BodyBudget,
  bodyLimit: number,
): void {
  api.route({
    method: operation.method,
    url,
    config: { failure: operation.failure },
    onRequest: async (request, reply) => {
      const actor = await findActor(request);
      if (!actor) return answerFailure(reply, failure("unauthorized"));
      const giveBack = room(actor.id, announcedBytes(request.headers, bodyLimit));
      if (!giveBack) return answerFailure(reply, failure("busy"));
      // Runs after the answer, and when the client disconnects first.
      reply.raw.once("close", giveBack);
    },
    handler: async (request, reply) => {
      const writes = watchWrites();
      const result = await writes
        .run(() => perform(operation, request, reply))
        .catch((error: unknown) => thrown(error, writes.saved()));
      if (!result.ok) return answerFailure(reply, result);
      const { data, message, tag } = result.value;
      if (tag) reply.header("etag", tag);
      return { success: true, data, message };
    },
  });
}

function refuseOtherMethods(api: FastifyInstance, url: string, own: readonly string[]): void {
  const refuse = async (_request: FastifyRequest, reply: FastifyReply) =>
    answerFailure(reply.header("allow", own.toSorted().join(", ")), failure("method"));
  // GET routes also answer HEAD.
  const method = api.supportedMethods.filter((name) => !own.includes(name === "HEAD" ? "GET" : name));
  api.route({ method, url, onRequest: refuse, handler: refuse });
}

async function findActor(request: FastifyRequest): Promise<Actor | undefined> {
  if (!request.apiActor || performance.now() - request.apiActor.foundAt > lookUpAgainMs) {
    const token = request.headers["x-auth-token"];
    const actor = await findAccessTokenActor(typeof token === "string" ? token : "");
    request.apiActor = actor && { actor, foundAt: performance.now() };
  }
  return request.apiActor?.actor;
}

async function perform(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ApiResult<Reply>> {
  const { headers } = request;
  const actor = await findActor(request);
  if (!actor) return failure("unauthorized");
  // The router and the query parser configured above produce strings only.
  const params = request.params as Record<string, string>;
  const query = request.query as Record<string, string>;
  // Postgres text cannot contain U+0000, so no row has this id.
  if (Object.values(params).some((value) => value.includes("\0"))) return failure("not_found");
  const key = operation.isIdempotent ? headers["idempotency-key"] : undefined;
  if (key !== undefined && !(typeof key === "string" && /^[\x21-\x7e]{1,255}$/.test(key)))
    return failure("invalid", "Idempotency-Key has 1 to 255 visible characters.");
  const ifMatch = headers["if-match"];
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  // Clients can spell one path in several ways. A retried create must find its idempotency record under each.
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? ""));
  return operation.serve(actor, {
    params,
    query,
    body: () => parse(bytes, headers["content-type"], operation),
    idempotent: key === undefined ? undefined : idempotentRequest(actor, { path, key, body: bytes }),
    ifMatch: ifMatch === "*" ? undefined : ifMatch,
    signal: untilClosed(reply),
  });
}

/**
 * A signal that aborts when the client disconnects before the answer. Fastify's own `request.signal` aborts as
 * soon as the body has arrived.
 */
function untilClosed({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // The client may have disconnected during the token look-up.
  if (raw.destroyed || raw.closed) gone.abort();
  raw.once("close", () => raw.writableFinished || gone.abort());
  return gone.signal;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(bytes: Buffer, type: string | undefined, { body }: Operation): ApiResult<unknown> {
  if (bytes.length > 0 && type?.split(";")[0]?.trim().toLowerCase() !== "application/json")
    return failure("media_type");
  if (bytes.length === 0 && body?.safeParse(undefined).success) return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(utf8.decode(bytes)) };
  } catch {
    // The JSON parser's own message repeats the input, which can hold a secret.
    return failure("invalid", "The body is not JSON in UTF-8.");
  }
}

/** Fastify's own error codes for malformed requests. */
const ofFramework: Readonly<Record<string, ApiCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "media_type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "invalid",
};

function thrown(error: unknown, saved: Saved): Failure {
  if (error instanceof NotFound) return failure("not_found");
  if (error instanceof Forbidden) return failure("forbidden");
  if (error instanceof NotFresh) return failure("interactive");
  logFailure("management API", error);
  if (saved === "unknown" || error instanceof OutcomeUnknown) return failure("outcome_unknown");
  if (saved === "something") return failure("partly_saved");
  if (isMisconfigured(error)) return failure("misconfigured");
  return failure(isOutage(error) ? "database_unavailable" : "unexpected");
}

/** Sends the documented failure envelope, with field errors. */
function answerFailure(reply: FastifyReply, failed: Failure) {
  const { code, fieldErrors = {} } = failed;
  // Keep the connection, so that Node.js drains the rest of the body. Otherwise the client could fail before
  // it reads this answer.
  if (code === "too_large") reply.removeHeader("connection");
  const { status } = apiCodes[code];
  if (status === 503 || status === 429) reply.header("retry-after", retryAfterSeconds);
  const { failure: what = "Request failed" } = reply.request.routeOptions.config;
  return reply.code(status).send({
    success: false,
    message: `${what} due to : ${reasonOf(failed)}`,
    fieldErrors: Object.keys(fieldErrors).length > 0 ? fieldErrors : undefined,
  });
}
