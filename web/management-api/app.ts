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
import { type ApiCode, type ApiResult, apiCodes, failure, reasonOf } from "@/web/management-api/answer";
import { methods, type Operation, type Reply } from "@/web/management-api/define";
import { operations } from "@/web/management-api/registry";

/** A name of 128 characters, each of up to twelve in a URL. */
const maxParamLength = 12 * 128;

/** When to try again while something that is needed does not answer. */
const retryAfterSeconds = 2;

/** How long it may be since somebody was looked up. */
const lookUpAgainMs = 1_000;

declare module "fastify" {
  interface FastifyRequest {
    /** Whom the header X-AUTH-TOKEN spoke for, and when that was looked up. */
    apiActor: { actor: Actor & { kind: "user" }; foundAt: number } | null;
  }
}

/**
 * The management API, which web's front door asks before Next (docs/decisions/0014-the-management-api-beside-next.md): whoever the
 * header X-AUTH-TOKEN speaks for → scope → parsed input → run → the documented envelope. Cookies count for nothing here. A
 * path that there is not, and a method that a path does not take, are answered alike.
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
    // A path that cannot be read: no hook is run for it.
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      answerFailure(reply.headers(headers), "Request failed", failure("invalid"));
    },
  });
  // Of any type, so that what is wrong with it is told in the API's own shape.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));
  api.decorateRequest("apiActor", null);
  // All that is refused without looking at the body is refused before it is read.
  api.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    // A body of no type is judged where it is read; without a body an empty type says nothing.
    if (request.headers["content-type"] === "") delete request.headers["content-type"];
    if (request.is404)
      return answerFailure(reply, "Request failed", failure("not_found", "There is nothing at this path."));
  });
  api.addHook("onResponse", async ({ body }) => wipeBytes(body));
  api.setErrorHandler((error: FastifyError, request, reply) =>
    answerFailure(reply, "Request failed", unserved(error, request)),
  );
  const room = createBodyBudget(bodyLimit);
  for (const operation of operations) route(api, operation, room, bodyLimit);
  refuseOtherMethods(api);
  return api;
}

function route(api: FastifyInstance, operation: Operation, room: BodyBudget, bodyLimit: number): void {
  api.route({
    method: operation.method,
    url: urlOf(operation.path),
    onRequest: async (request, reply) => {
      request.apiActor = await findActor(request);
      if (!request.apiActor) return answerFailure(reply, operation.failure, failure("unauthorized"));
      const giveBack = room(request.apiActor.actor.id, announcedBytes(request.headers, bodyLimit));
      if (!giveBack) return answerFailure(reply, operation.failure, failure("busy"));
      // Answered, or gone before.
      reply.raw.once("close", giveBack);
    },
    handler: async (request, reply) => {
      const writes = watchWrites();
      const result = await writes
        .run(() => perform(operation, request, reply))
        .catch((error: unknown) => thrown(error, writes.saved()));
      if (!result.ok) return answerFailure(reply, operation.failure, result);
      const { data, message, tag } = result.value;
      if (tag) reply.header("etag", tag);
      return { success: true, data, ...(message === undefined ? {} : { message }) };
    },
    errorHandler: (error, request, reply) =>
      answerFailure(reply, operation.failure, unserved(error, request)),
  });
}

function refuseOtherMethods(api: FastifyInstance): void {
  for (const path of new Set(operations.map((operation) => operation.path))) {
    const own: readonly string[] = methods.filter((method) =>
      operations.some((operation) => operation.path === path && operation.method === method),
    );
    // What answers a GET answers a HEAD.
    const others = api.supportedMethods.filter(
      (method) => !own.includes(method) && !(method === "HEAD" && own.includes("GET")),
    );
    const refuse = async (_request: FastifyRequest, reply: FastifyReply) =>
      answerFailure(reply.header("allow", [...own].sort().join(", ")), "Request failed", failure("method"));
    api.route({ method: others, url: urlOf(path), onRequest: refuse, handler: refuse });
  }
}

async function findActor({ headers }: FastifyRequest): Promise<FastifyRequest["apiActor"]> {
  const token = headers["x-auth-token"];
  const actor = await findAccessTokenActor(typeof token === "string" ? token : "");
  return actor && { actor, foundAt: performance.now() };
}

function urlOf(path: Operation["path"]): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

async function perform(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ApiResult<Reply>> {
  const { headers } = request;
  const known = request.apiActor;
  // A body can be sent for as long as the server waits for it, and a token can be revoked meanwhile.
  const isLate = known && performance.now() - known.foundAt > lookUpAgainMs;
  const actor = (isLate ? await findActor(request) : known)?.actor;
  if (!actor) return failure("unauthorized");
  // Strings by the router and the parser of queries, both of which are told above.
  const params = request.params as Record<string, string>;
  const query = request.query as Record<string, string>;
  // What Postgres cannot compare with anything names nothing.
  if (Object.values(params).some((value) => value.includes("\0")))
    throw new NotFound("There is no such thing.");
  const key = operation.isIdempotent ? headers["idempotency-key"] : undefined;
  if (key !== undefined && !(typeof key === "string" && /^[\x21-\x7e]{1,255}$/.test(key)))
    return failure("invalid", "Idempotency-Key has 1 to 255 visible characters.");
  const ifMatch = headers["if-match"];
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  // One path has many spellings, and a create that is repeated may come in another.
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? ""));
  return operation.serve(actor, {
    params,
    query,
    body: async () => parse(bytes, headers["content-type"], operation),
    idempotent: () => (key === undefined ? undefined : idempotentRequest(actor, { path, key, body: bytes })),
    ifMatch: ifMatch === "*" ? undefined : ifMatch,
    signal: untilClosed(reply),
  });
}

/** Aborts when whoever asked is gone before the answer. */
function untilClosed({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  // It may have gone while the token was looked up.
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
    // The parser's own message repeats what it read.
    return failure("invalid", "The body is not JSON in UTF-8.");
  }
}

/** What Fastify finds wrong with a request by itself. */
const ofFramework: Readonly<Record<string, ApiCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "media_type",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "invalid",
};

/** What kept a request from its operation. One that broke off is nobody's fault here, and nobody waits for its answer. */
function unserved(error: FastifyError, { raw }: FastifyRequest): ApiResult<never> & { ok: false } {
  const known = raw.errored ? "invalid" : ofFramework[error.code];
  return known ? failure(known) : thrown(error, "nothing");
}

function thrown(error: unknown, saved: Saved): ApiResult<never> & { ok: false } {
  if (error instanceof NotFound) return failure("not_found");
  if (error instanceof Forbidden) return failure("forbidden");
  if (error instanceof NotFresh) return failure("interactive");
  logFailure("management API", error);
  if (saved === "unknown" || error instanceof OutcomeUnknown) return failure("outcome_unknown");
  if (saved === "something") return failure("partly_saved");
  if (isMisconfigured(error)) return failure("misconfigured");
  return failure(isOutage(error) ? "database_unavailable" : "unexpected");
}

/** The documented envelope of a failure, with what is wrong where. */
function answerFailure(reply: FastifyReply, what: string, failed: ApiResult<never> & { ok: false }) {
  const { code, fieldErrors } = failed;
  // What is still coming is read and thrown away, for whoever sends it to get as far as this answer.
  if (code === "too_large") reply.removeHeader("connection");
  const { status } = apiCodes[code];
  if (status === 503 || status === 429) reply.header("retry-after", retryAfterSeconds);
  return reply.code(status).send({
    success: false,
    message: `${what} due to : ${reasonOf(failed)}`,
    ...(fieldErrors && Object.keys(fieldErrors).length > 0 ? { fieldErrors } : {}),
  });
}
