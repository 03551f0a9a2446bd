import "server-only";
import type { FastifyRequest } from "fastify";
import type { Actor } from "@/lib/actor";
import { isPostgresText } from "@/lib/db/text";
import { findIdempotentRequest } from "@/lib/idempotency/queries";
import { idempotentRequest } from "@/lib/idempotency/request";
import { issueText } from "@/lib/issue-text";
import { ok } from "@/lib/result";
import { wipeBytes } from "@/lib/wipe";
import { type ApiResult, failure, invalid, invalidField } from "@/web/management-api/answer";
import {
  type Call,
  idempotencyKeyPattern,
  type Operation,
  type Params,
  type Reply,
} from "@/web/management-api/define";
import { findInvalidText } from "@/web/management-api/invalid-text";

/** A request as the management API reads it: its body is bytes, or absent. */
export type ApiRequest = FastifyRequest<{ Params: Params; Querystring: Params; Body: Buffer | undefined }>;

/** Runs an operation: scope, then the parsed query and body, then the operation's code. */
export async function serve(
  operation: Operation,
  actor: Actor,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<ApiResult<Reply>> {
  const { params, query, headers, body: bytes = Buffer.alloc(0) } = request;
  // Postgres text cannot contain U+0000, so no row has this id.
  if (Object.values(params).some((value) => value.includes("\0"))) return failure("not_found");
  const key = operation.replay && headers["idempotency-key"];
  if (key !== undefined && !(typeof key === "string" && idempotencyKeyPattern.test(key)))
    return failure("invalid", "Idempotency-Key must have 1 to 255 visible ASCII characters.");
  const scope = await operation.access.scopeOf(actor, params);
  request.apiTeamId = teamOf(scope);
  const parsed = parse(operation, query, bytes, headers["content-type"]);
  if (!parsed.ok) return parsed;
  // Clients can spell one path in several ways. A retried create must find its idempotency record under each.
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? ""));
  const ifMatch = headers["if-match"];
  const call = {
    ...parsed.value,
    params,
    idempotent: key === undefined ? undefined : idempotentRequest(actor, { path, key, body: bytes }),
    // `*` matches any version of an existing object (RFC 9110).
    ifMatch: ifMatch === "*" ? undefined : ifMatch,
    signal,
  };
  return runOnce(operation, scope, call).finally(() => wipeBytes(call.body));
}

function teamOf(scope: unknown): string | null {
  const isTeams = typeof scope === "object" && scope !== null && "teamId" in scope;
  return isTeams && typeof scope.teamId === "string" ? scope.teamId : null;
}

/** The content type that `curl -d` sends by default. */
const form = "application/x-www-form-urlencoded";
const unnamed = "";
/**
 * The content types whose body is read as JSON. A browser can send the last two from another site without
 * asking, but not with an access token: cookies never authenticate here.
 */
const jsonTypes: readonly string[] = ["application/json", form, unnamed];
const ownTexts = { error: issueText };

function parse(
  { query, body, base }: Operation,
  rawQuery: Params,
  bytes: Buffer,
  type: string | undefined,
): ApiResult<Pick<Call, "query" | "body">> {
  const sent = Object.fromEntries(Object.entries(rawQuery).filter(([, value]) => value !== ""));
  const parsedQuery = query?.safeParse(sent, ownTexts);
  if (parsedQuery?.error) return invalid(parsedQuery.error.issues);
  const invalidEntry = Object.entries(sent).find((entry) => !entry.every(isPostgresText));
  if (invalidEntry) return invalidField(invalidEntry[0], "This contains an invalid character.");
  if (!body) return ok({ query: parsedQuery?.data, body: undefined });
  const mediaType = type?.split(";")[0]?.trim().toLowerCase() ?? unnamed;
  if (bytes.length > 0 && !jsonTypes.includes(mediaType)) return failure("media_type");
  const isAbsent = bytes.length === 0 && body.safeParse(undefined).success;
  const json = isAbsent ? ok(undefined) : parseJson(bytes);
  if (!json.ok) return mediaType === form ? failure("media_type") : json;
  const parsedBody = body.safeParse(json.value, ownTexts);
  const baseError = parsedBody.error && base?.safeParse(json.value, ownTexts).error;
  if (parsedBody.error) return invalid([...parsedBody.error.issues, ...(baseError?.issues ?? [])]);
  const invalidTexts = findInvalidText(json.value);
  if (invalidTexts.length > 0) return failure("invalid", undefined, Object.fromEntries(invalidTexts));
  return ok({ query: parsedQuery?.data, body: parsedBody.data });
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Buffer): ApiResult<unknown> {
  try {
    return ok(JSON.parse(utf8.decode(bytes)));
  } catch {
    // The JSON parser's own message repeats the input, which can hold a secret.
    return failure("invalid", "The body is not valid JSON in UTF-8.");
  }
}

/**
 * Runs a request once per idempotency key. A repeated request, even a concurrent one, gets the answer for the
 * object that the first one created or changed.
 */
async function runOnce(operation: Operation, scope: unknown, call: Call): Promise<ApiResult<Reply>> {
  const { idempotent } = call;
  if (!idempotent || !operation.replay) return operation.run(scope, call);
  const before = await findIdempotentRequest(idempotent);
  const isNew = before === null || (before !== "other_body" && before.state === "abandoned");
  const result = isNew ? await operation.run(scope, call) : undefined;
  if (result?.ok) return result;
  const record = isNew ? await findIdempotentRequest(idempotent) : before;
  if (record === "other_body") return failure("other_body");
  if (record?.state === "under_way") return failure("under_way");
  return record?.state === "done"
    ? operation.replay(scope, record.objectId)
    : (result ?? failure("unexpected"));
}
