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

/** What an operation's own code receives: parsed by the operation's schemas. */
export type Call<Q, B> = {
  params: Readonly<Record<string, string>>;
  query: Q;
  body: B;
  /** For a write with an Idempotency-Key. */
  idempotent: IdempotentRequest | undefined;
  /** The tag of the If-Match header; `undefined` when any state will do. */
  ifMatch: string | undefined;
  signal: AbortSignal;
};

/** A request as it came, for an operation to judge. */
export type RawCall = {
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  body: () => Promise<ApiResult<unknown>>;
  idempotent: () => IdempotentRequest | undefined;
  ifMatch: string | undefined;
  signal: AbortSignal;
};

/** What an operation answers with: `data` of the envelope, and the ETag of what it shows. */
export type Reply<T = unknown> = { data: T; tag?: string; message?: string };

type Words = {
  /** operationId, as documented where it is. */
  id: string;
  method: Method;
  /** Path with {parameters}, as in OpenAPI. */
  path: `/api/orchestration/${string}`;
  tag: "Fabrics" | "Secrets" | "Connections" | "Teams" | "Activity";
  summary: string;
  description?: string;
  /** What the message of a failure begins with, before " due to : ". */
  failure: string;
};

type Parts<Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType> = {
  query?: Q;
  body?: B;
  /** What is judged of the body beside that, where one wrong member hides what is wrong with the others. */
  base?: z.ZodType;
  /** What `data` of the answer is. */
  data: D;
  /** A body that works, for the reference and its test. */
  example?: z.input<B>;
  /** It changes or deletes what is there, and honours If-Match. */
  isConditional?: true;
};

type Code<S, Q extends z.ZodType, B extends z.ZodType, D extends z.ZodType> = {
  run: (scope: S, call: Call<z.output<Q>, z.output<B>>) => Promise<ApiResult<Reply<z.input<D>>>>;
  /**
   * A write that may be repeated with an Idempotency-Key: what answers for the thing that was written. Whoever leaves a thing
   * pending takes back what an abandoned request left.
   */
  again?: (scope: S, objectId: string) => Promise<ApiResult<Reply<z.input<D>>>>;
};

/** One operation of the management API: what the route serves, and what OpenAPI describes. */
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

/** An operation over what the person has, wherever it is; its code asks for scopes of its own. */
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
      // Parsed by the definition's own schemas, or absent as they are.
      query: asked.data as z.output<Q>,
      body: judged?.data as z.output<B>,
      idempotent: known,
      ifMatch,
      signal,
    }),
  ).finally(() => wipeBytes(judged?.data));
}

/** Runs a create, or answers for what the same request made before: also when the two came at the same time. */
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
