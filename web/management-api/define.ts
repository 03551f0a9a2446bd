import "server-only";
import { z } from "zod";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Scope, TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { isPostgresText } from "@/lib/db/text";
import { findIdempotentRequest } from "@/lib/idempotency/queries";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import { wipeBytes } from "@/lib/wipe";
import { type ApiResult, failure, invalid } from "@/web/management-api/answer";
import { unstorable } from "@/web/management-api/invalid-text";

export const methods = ["GET", "POST", "PUT", "DELETE"] as const;
export type Method = (typeof methods)[number];

/** The input of an operation's code, parsed by the operation's schemas. */
export type Call<Q, B> = {
  params: Readonly<Record<string, string>>;
  query: Q;
  body: B;
  /** For a write with an Idempotency-Key. */
  idempotent: IdempotentRequest | undefined;
  /** The ETag of the If-Match header; `undefined` when the caller accepts any state. */
  ifMatch: string | undefined;
  signal: AbortSignal;
};

/** A request before validation. */
export type RawCall = {
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  body: () => Promise<ApiResult<unknown>>;
  idempotent: () => IdempotentRequest | undefined;
  ifMatch: string | undefined;
  signal: AbortSignal;
};

/** An operation's answer: `data` of the envelope, and the ETag of the object in it. */
export type Reply<T = unknown> = { data: T; tag?: string; message?: string };

type Words = {
  /** The operationId: the documented one, if the operation is documented. */
  id: string;
  method: Method;
  /** Path with {parameters}, as in OpenAPI. */
  path: `/api/orchestration/${string}`;
  tag: "Fabrics" | "Secrets" | "Connections" | "Teams" | "Activity";
  summary: string;
  description?: string;
  /** The beginning of a failure message, before " due to : ". */
  failure: string;
};

type Parts<Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType> = {
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

type Code<S, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType> = {
  run: (scope: S, call: Call<z.output<Q>, z.output<B>>) => Promise<ApiResult<Reply<z.input<D>>>>;
  /**
   * Answers a repeated write with an Idempotency-Key for the object that the first one created. An operation
   * that leaves an object pending must itself remove what an interrupted request left.
   */
  again?: (scope: S, objectId: string) => Promise<ApiResult<Reply<z.input<D>>>>;
};

/** One operation of the management API. The router serves it and OpenAPI describes it. */
export type Operation = Words &
  Parts<z.ZodType, z.ZodType, z.ZodType> & {
    permission: Permission | null;
    isIdempotent: boolean;
    serve: (actor: Actor, call: RawCall) => Promise<ApiResult<Reply>>;
  };

const nothing = z.object({});

/** An operation in the fabric that the path names. */
export function fabricOperation<
  P extends Permission,
  D extends z.ZodType,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Words & Parts<Q, B, D> & Code<Scope<NoInfer<P>>, Q, B, D> & { permission: P }): Operation {
  const { run: _run, again, ...rest } = definition;
  return {
    ...rest,
    isIdempotent: again !== undefined,
    serve: async (actor, call) => {
      const scope = await authorize(actor, call.params.fabricId ?? "", definition.permission);
      return perform(definition, scope, call);
    },
  };
}

/** An operation in the team that the path names. */
export function teamOperation<
  P extends Permission,
  D extends z.ZodType,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Words & Parts<Q, B, D> & Code<TeamScope<NoInfer<P>>, Q, B, D> & { permission: P }): Operation {
  const { run: _run, again, ...rest } = definition;
  return {
    ...rest,
    isIdempotent: again !== undefined,
    serve: async (actor, call) => {
      const scope = await authorizeTeam(actor, call.params.teamId ?? "", definition.permission);
      return perform(definition, scope, call);
    },
  };
}

/** An operation over everything that the person can reach. Its code requires its own scopes. */
export function ownOperation<
  D extends z.ZodType,
  Q extends z.ZodType = typeof nothing,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Words & Parts<Q, B, D> & Code<Actor, Q, B, D>): Operation {
  const { run: _run, again, ...rest } = definition;
  return {
    ...rest,
    isIdempotent: again !== undefined,
    permission: null,
    serve: (actor, call) => perform(definition, actor, call),
  };
}

async function perform<S, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType>(
  definition: Parts<Q, B, D> & Code<S, Q, B, D>,
  scope: S,
  { params, query, body, idempotent, ifMatch, signal }: RawCall,
): Promise<ApiResult<Reply>> {
  const asked = (definition.query ?? nothing).safeParse(query);
  if (!asked.success) return invalid(asked.error);
  const [strange] = Object.entries(query).find((entry) => !entry.every(isPostgresText)) ?? [];
  if (strange !== undefined)
    return failure("invalid", undefined, { [strange]: "A character here cannot be searched for." });
  const given = definition.body ? await body() : { ok: true as const, value: undefined };
  if (!given.ok) return given;
  const judged = definition.body?.safeParse(given.value);
  if (judged && !judged.success) {
    const more = definition.base?.safeParse(given.value).error?.issues ?? [];
    return invalid(new z.ZodError([...judged.error.issues, ...more]));
  }
  const strangers = unstorable(given.value);
  if (Object.keys(strangers).length > 0) return failure("invalid", undefined, strangers);
  return doneOnce(definition, scope, definition.again && idempotent(), (known) =>
    definition.run(scope, {
      params,
      // The definition's own schemas parsed these values, or they are absent.
      query: asked.data as z.output<Q>,
      body: judged?.data as z.output<B>,
      idempotent: known,
      ifMatch,
      signal,
    }),
  ).finally(() => wipeBytes(judged?.data));
}

/**
 * Runs a create once. A repeated request, even a concurrent one, gets the answer for the object that the
 * first one created.
 */
async function doneOnce<S>(
  { again }: { again?: (scope: S, objectId: string) => Promise<ApiResult<Reply>> },
  scope: S,
  idempotent: IdempotentRequest | undefined,
  run: (idempotent: IdempotentRequest | undefined) => Promise<ApiResult<Reply>>,
): Promise<ApiResult<Reply>> {
  if (!idempotent || !again) return run(undefined);
  const before = await findIdempotentRequest(idempotent);
  const isNew = before === null || (before !== "other_body" && before.state === "abandoned");
  const result = isNew ? await run(idempotent) : undefined;
  if (result?.ok) return result;
  const made = isNew ? await findIdempotentRequest(idempotent) : before;
  if (made === "other_body") return failure("other_body");
  if (made?.state === "under_way") return failure("under_way");
  return made?.state === "done" ? again(scope, made.objectId) : (result ?? failure("unexpected"));
}
