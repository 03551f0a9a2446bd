import "server-only";
import { findAccessTokenActor } from "@/lib/access-tokens/queries";
import { webEnv } from "@/lib/env";
import { onceOf } from "@/lib/idempotency/once";
import { type ApiResult, apiCodes, failure, reasonOf } from "@/lib/management/answer";
import { methods, type Operation, type Reply } from "@/lib/management/define";
import { operations } from "@/lib/management/registry";
import { Forbidden, NotFound, NotFresh } from "@/lib/result";

/** A path without parameters has none. */
type Context = { params: Promise<Record<string, string> | undefined> };
type Handler = (request: Request, context: Context) => Promise<Response>;
type Handlers = Record<(typeof methods)[number] | "PATCH", Handler>;

/**
 * The route of one path of the management API: whoever the header X-AUTH-TOKEN speaks for → scope → parsed input → run →
 * the documented envelope. Cookies count for nothing here. A method that the path does not take is answered alike.
 */
export function management(path: Operation["path"]): Handlers {
  const own = new Map(operations.filter((one) => one.path === path).map((one) => [one.method, one]));
  const handlers = methods.map((method) => {
    const operation = own.get(method);
    return [method, operation ? serve(operation) : refuse(own)];
  });
  // Each method of the list has its handler.
  return { ...Object.fromEntries(handlers), PATCH: refuse(own) } as Handlers;
}

/** For a path of the management API that there is not. */
export const missing: Handler = async () =>
  answerFailure("Request failed", failure("not_found", "There is nothing at this path."));

function refuse(own: ReadonlyMap<string, Operation>): Handler {
  return async () =>
    answerFailure("Request failed", failure("method"), { allow: [...own.keys()].sort().join(", ") });
}

function serve(operation: Operation): Handler {
  return async (request, { params }) => {
    const result = await perform(operation, request, (await params) ?? {}).catch(thrown);
    if (!result.ok) return answerFailure(operation.failure, result);
    const { data, message, tag } = result.value;
    const body = { success: true, data, ...(message === undefined ? {} : { message }) };
    return Response.json(body, { headers: { "cache-control": "no-store", ...(tag ? { etag: tag } : {}) } });
  };
}

async function perform(
  operation: Operation,
  request: Request,
  params: Record<string, string>,
): Promise<ApiResult<Reply>> {
  const actor = await findAccessTokenActor(request.headers.get("x-auth-token") ?? "");
  if (!actor) return failure("unauthorized");
  // What Postgres cannot compare with anything names nothing.
  if (Object.values(params).some((value) => value.includes("\0")))
    throw new NotFound("There is no such thing.");
  const url = new URL(request.url);
  const key = request.headers.get("idempotency-key");
  if (key !== null && !/^[\x21-\x7e]{1,255}$/.test(key))
    return failure("invalid", "Idempotency-Key has 1 to 255 visible characters.");
  const ifMatch = request.headers.get("if-match");
  let bytes = new Uint8Array();
  return operation.serve(actor, {
    params,
    query: Object.fromEntries(url.searchParams),
    body: async () => {
      const read = await readBody(request);
      if (!read.ok) return read;
      bytes = read.value;
      return parse(bytes, operation);
    },
    once: () => (key === null ? undefined : onceOf(actor, { path: url.pathname, key, body: bytes })),
    ifMatch: ifMatch === null || ifMatch === "*" ? undefined : ifMatch,
    signal: request.signal,
  });
}

/** A body of JSON, held to a length while it comes. */
async function readBody(request: Request): Promise<ApiResult<Uint8Array<ArrayBuffer>>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const maxBytes = Math.ceil((webEnv().MAX_SECRET_BYTES * 4) / 3) + 262_144;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) return failure("too_large");
    chunks.push(chunk);
  }
  if (length > 0 && type !== "application/json") return failure("media_type");
  return { ok: true, value: new Uint8Array(Buffer.concat(chunks)) };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(bytes: Uint8Array, { body }: Operation): ApiResult<unknown> {
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
  console.error("A request to the management API failed.", error);
  return failure("unexpected");
}

/** The documented envelope of a failure, with what is wrong where. */
function answerFailure(
  what: string,
  failed: ApiResult<never> & { ok: false },
  headers: Record<string, string> = {},
): Response {
  const { code, fieldErrors } = failed;
  const body = {
    success: false,
    message: `${what} due to : ${reasonOf(failed)}`,
    ...(fieldErrors && Object.keys(fieldErrors).length > 0 ? { fieldErrors } : {}),
  };
  return Response.json(body, {
    status: apiCodes[code].status,
    headers: { "cache-control": "no-store", ...headers },
  });
}
