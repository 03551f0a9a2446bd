import "server-only";
import { z } from "zod";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Scope, TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { isPostgresText } from "@/lib/db/text";
import { findIdempotentRequest } from "@/lib/idempotency/queries";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { ok } from "@/lib/result";
import { wipeBytes } from "@/lib/wipe";
import { type ApiResult, failure, invalid, invalidField } from "@/web/management-api/answer";
import { unstorable } from "@/web/management-api/invalid-text";

type Params = Readonly<Record<string, string>>;

/** The input of an operation's code, parsed by the operation's schemas. */
export type Call<Q, B> = {
  params: Params;
  query: Q;
  body: B;
  /** For a write with an Idempotency-Key. */
  idempotent: IdempotentRequest | undefined;
  /** The ETag of the If-Match header; `undefined` when the caller accepts any state. */
  ifMatch: string | undefined;
  signal: AbortSignal;
};

/** A request before validation. */
type RawCall = Call<Params, () => ApiResult<unknown>>;

/** An operation's answer: `data` of the envelope, and the ETag of the object in it. */
export type Reply<T = unknown> = { data: T; tag?: string; message?: string };

type Described<Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType> = {
  /** The operationId: the documented one, if the operation is documented. */
  id: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path with {parameters}, as in OpenAPI. */
  path: `/api/orchestration/${string}`;
  tag: "Fabrics" | "Secrets" | "Connections" | "Teams" | "Activity";
  summary: string;
  description?: string;
  /** The beginning of a failure message, before " due to : ". */
  failure: string;
  query?: Q;
  body?: B;
  /** A looser schema, checked as well, so that a bad discriminator does not hide other field errors. */
  base?: z.ZodType;
  /** Schema of the answer's `data`. */
  data: D;
  /** A valid body, for the reference and its test. */
  example?: z.input<B>;
  /** Set when the operation changes or deletes an object, and so honours If-Match. */
  isConditional?: true;
};

type Definition<S, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType> = Described<Q, B, D> & {
  access: Access<S>;
  run: (scope: NoInfer<S>, call: Call<z.output<Q>, z.output<B>>) => Promise<ApiResult<Reply<z.input<D>>>>;
  /**
   * Answers a repeated write with an Idempotency-Key for the object that the first one created. An operation
   * that leaves an object pending must itself remove what an interrupted request left.
   */
  again?: (scope: NoInfer<S>, objectId: string) => Promise<ApiResult<Reply<z.input<D>>>>;
};

/** Who may call an operation: the permission, and how web turns the caller into a scope. */
type Access<S> = { permission: Permission | null; scopeOf: (actor: Actor, params: Params) => Promise<S> };

/** Requires a permission in the fabric that the path names. */
export function inFabric<P extends Permission>(permission: P): Access<Scope<P>> {
  return { permission, scopeOf: (actor, { fabricId = "" }) => authorize(actor, fabricId, permission) };
}

/** Requires a permission in the team that the path names. */
export function inTeam<P extends Permission>(permission: P): Access<TeamScope<P>> {
  return { permission, scopeOf: (actor, { teamId = "" }) => authorizeTeam(actor, teamId, permission) };
}

/** Lets everyone call an operation over everything that they can reach. Its code requires its own scopes. */
export const everyone: Access<Actor> = { permission: null, scopeOf: async (actor) => actor };

/** One operation of the management API. The router serves it and OpenAPI describes it. */
export type Operation = Described<z.ZodType, z.ZodType, z.ZodType> & {
  permission: Permission | null;
  isIdempotent: boolean;
  serve: (actor: Actor, call: RawCall) => Promise<ApiResult<Reply>>;
};

const nothing = z.object({});

/** Declares an operation. The caller is authorized before the query and the body are validated. */
export function operation<
  S,
  D extends z.ZodType,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Definition<S, Q, B, D>): Operation {
  const { access, run: _run, again, ...described } = definition;
  return {
    ...described,
    permission: access.permission,
    isIdempotent: again !== undefined,
    serve: async (actor, call) => perform(definition, await access.scopeOf(actor, call.params), call),
  };
}

async function perform<S, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType>(
  definition: Definition<S, Q, B, D>,
  scope: S,
  call: RawCall,
): Promise<ApiResult<Reply>> {
  const query = (definition.query ?? nothing).safeParse(call.query);
  if (!query.success) return invalid(query.error.issues);
  const strange = Object.entries(call.query).find((entry) => !entry.every(isPostgresText));
  if (strange) return invalidField(strange[0], "A character here cannot be searched for.");
  const given = definition.body ? call.body() : ok(undefined);
  if (!given.ok) return given;
  const body = definition.body?.safeParse(given.value);
  if (body?.error) {
    const more = definition.base?.safeParse(given.value).error?.issues ?? [];
    return invalid([...body.error.issues, ...more]);
  }
  const strangers = unstorable(given.value);
  if (strangers.length > 0) return failure("invalid", undefined, Object.fromEntries(strangers));
  // The definition's own schemas parsed these values, or they are absent.
  const parsed = { ...call, query: query.data as z.output<Q>, body: body?.data as z.output<B> };
  return doneOnce(definition, scope, parsed).finally(() => wipeBytes(parsed.body));
}

/**
 * Runs a create once. A repeated request, even a concurrent one, gets the answer for the object that the
 * first one created.
 */
async function doneOnce<S, Q, B>(
  definition: {
    run: (scope: S, call: Call<Q, B>) => Promise<ApiResult<Reply>>;
    again?: (scope: S, objectId: string) => Promise<ApiResult<Reply>>;
  },
  scope: S,
  call: Call<Q, B>,
): Promise<ApiResult<Reply>> {
  const { run, again } = definition;
  const { idempotent } = call;
  if (!idempotent || !again) return run(scope, call);
  const before = await findIdempotentRequest(idempotent);
  const isNew = before === null || (before !== "other_body" && before.state === "abandoned");
  const result = isNew ? await run(scope, call) : undefined;
  if (result?.ok) return result;
  const made = isNew ? await findIdempotentRequest(idempotent) : before;
  if (made === "other_body") return failure("other_body");
  if (made?.state === "under_way") return failure("under_way");
  return made?.state === "done" ? again(scope, made.objectId) : (result ?? failure("unexpected"));
}
