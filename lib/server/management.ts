import "server-only";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Actor } from "@/lib/access/scope";
import { findAccessTokenActor } from "@/lib/access-tokens/queries";
import { webEnv } from "@/lib/env";
import { onceOf } from "@/lib/idempotency/once";
import { type ApiResult, apiCodes, failure, reasonOf } from "@/lib/management/answer";
import { methods, type Operation, type Reply } from "@/lib/management/define";
import { operations } from "@/lib/management/registry";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";
import { securityHeaders } from "@/lib/server/security-headers";

/** What a path of the management API begins with. */
export const managementRoot = "/api/orchestration";

/** A name of 128 characters, each of up to twelve in a URL. */
const maxParamLength = 12 * 128;

declare module "fastify" {
  interface FastifyRequest {
    /** Whom the header X-AUTH-TOKEN speaks for. */
    apiActor: (Actor & { kind: "user" }) | null;
  }
}

/**
 * The management API, which web's front door asks before Next (docs/decisions/0014-the-management-api-beside-next.md): whoever the
 * header X-AUTH-TOKEN speaks for → scope → parsed input → run → the documented envelope. Cookies count for nothing here. A
 * path that there is not, and a method that a path does not take, are answered alike.
 */
export function createManagementApi(): FastifyInstance {
  const { MAX_SECRET_BYTES, PUBLIC_URL } = webEnv();
  const api: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: Math.ceil((MAX_SECRET_BYTES * 4) / 3) + 262_144,
    routerOptions: {
      maxParamLength,
      ignoreTrailingSlash: true,
      querystringParser: (text) => Object.fromEntries(new URLSearchParams(text)),
    },
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      answerFailure(reply, "Request failed", failure("invalid"));
    },
  });
  const headers = {
    ...securityHeaders(PUBLIC_URL.startsWith("https:")),
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
  };
  // Of any type, so that what is wrong with it is told in the API's own shape.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));
  api.decorateRequest("apiActor", null);
  api.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
  api.setErrorHandler((error: FastifyError, _request, reply) =>
    answerFailure(reply, "Request failed", thrown(error)),
  );
  api.setNotFoundHandler((_request, reply) =>
    answerFailure(reply, "Request failed", failure("not_found", "There is nothing at this path.")),
  );
  for (const operation of operations) route(api, operation);
  refuseOtherMethods(api);
  return api;
}

function route(api: FastifyInstance, operation: Operation): void {
  api.route({
    method: operation.method,
    url: urlOf(operation.path),
    // Before the body is read: who is nobody sends nothing.
    onRequest: async (request, reply) => {
      const token = request.headers["x-auth-token"];
      request.apiActor = await findAccessTokenActor(typeof token === "string" ? token : "");
      if (!request.apiActor) return answerFailure(reply, operation.failure, failure("unauthorized"));
    },
    handler: async (request, reply) => {
      const result = await perform(operation, request, reply).catch(thrown);
      if (!result.ok) return answerFailure(reply, operation.failure, result);
      const { data, message, tag } = result.value;
      if (tag) reply.header("etag", tag);
      return { success: true, data, ...(message === undefined ? {} : { message }) };
    },
    errorHandler: (error, _request, reply) => answerFailure(reply, operation.failure, thrown(error)),
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
    api.route({
      method: others,
      url: urlOf(path),
      handler: (_request, reply) =>
        answerFailure(reply.header("allow", [...own].sort().join(", ")), "Request failed", failure("method")),
    });
  }
}

function urlOf(path: Operation["path"]): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

async function perform(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ApiResult<Reply>> {
  const { apiActor: actor, headers } = request;
  if (!actor) return failure("unauthorized");
  // Strings by the router and the parser of queries, both of which are told above.
  const params = request.params as Record<string, string>;
  const query = request.query as Record<string, string>;
  // What Postgres cannot compare with anything names nothing.
  if (Object.values(params).some((value) => value.includes("\0")))
    throw new NotFound("There is no such thing.");
  const key = headers["idempotency-key"];
  if (key !== undefined && !(typeof key === "string" && /^[\x21-\x7e]{1,255}$/.test(key)))
    return failure("invalid", "Idempotency-Key has 1 to 255 visible characters.");
  const ifMatch = headers["if-match"];
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const [path = ""] = request.url.split("?");
  return operation.serve(actor, {
    params,
    query,
    body: async () => parse(bytes, headers["content-type"], operation),
    once: () => (key === undefined ? undefined : onceOf(actor, { path, key, body: bytes })),
    ifMatch: ifMatch === "*" ? undefined : ifMatch,
    signal: untilClosed(reply),
  });
}

/** Aborts when whoever asked is gone before the answer. */
function untilClosed({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
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

function thrown(error: unknown): ApiResult<never> & { ok: false } {
  if (error instanceof NotFound) return failure("not_found");
  if (error instanceof Forbidden) return failure("forbidden");
  if (error instanceof NotFresh) return failure("interactive");
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return failure("too_large");
  if (typeof code === "string" && code.startsWith("FST_ERR_")) return failure("invalid");
  console.error("A request to the management API failed.", error);
  return failure("unexpected");
}

/** The documented envelope of a failure, with what is wrong where. */
function answerFailure(reply: FastifyReply, what: string, failed: ApiResult<never> & { ok: false }) {
  const { code, fieldErrors } = failed;
  return reply.code(apiCodes[code].status).send({
    success: false,
    message: `${what} due to : ${reasonOf(failed)}`,
    ...(fieldErrors && Object.keys(fieldErrors).length > 0 ? { fieldErrors } : {}),
  });
}
