import "server-only";
import type * as z from "zod";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Scope, TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import type { LaterPages, PagedFile } from "@/lib/paged-answer";
import type { ApiResult } from "@/web/management-api/answer";

/** An Idempotency-Key: 1 to 255 visible ASCII characters. */
export const idempotencyKeyPattern = /^[\x21-\x7e]{1,255}$/;

/** The parameters in a request's path or query, by name. */
export type Params = Readonly<Record<string, string>>;

/** The input of an operation's code, parsed by the operation's schemas. */
export type Call<Q = unknown, B = unknown> = {
  params: Params;
  query: Q;
  body: B;
  /** For a write with an Idempotency-Key. */
  idempotent: IdempotentRequest | undefined;
  /** The ETag of the If-Match header; `undefined` when the caller accepts any state. */
  ifMatch: string | undefined;
  signal: AbortSignal;
};

/**
 * An operation's answer: `data` of the envelope, and the ETag of the object in it. `later` are the later pages of a
 * list whose first page is the only member of `data`: web loads and sends one at a time.
 */
export type Reply<T = unknown> = {
  data: T;
  tag?: string;
  message?: string;
  later?: LaterPages;
  /** Sent instead of the envelope. */
  file?: PagedFile;
};

/** The permission that an operation requires, and how web turns the caller into a scope. */
type Access<S> = { permission: Permission | null; scopeOf: (actor: Actor, params: Params) => Promise<S> };

/** One operation of the management API. The router serves it and OpenAPI describes it. */
export type Operation<
  S = unknown,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  D extends z.ZodType = z.ZodType,
> = {
  /** The operationId: the documented one, if the operation is documented. */
  id: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path with {parameters}, as in OpenAPI. */
  path: `/api/orchestration/${string}`;
  tag: "Fabrics" | "Secrets" | "Connections" | "Trash" | "Teams" | "Activity";
  summary: string;
  description?: string;
  /** The beginning of a failure message, before " due to : ". */
  failure: string;
  access: Access<S>;
  query?: Q;
  body?: B;
  /** A looser schema, checked as well, so that a bad discriminator does not hide other field errors. */
  base?: z.ZodType;
  /** Schema of the answer's `data`. */
  data: D;
  /** The media types of the file that it answers instead of the envelope. In JSON, the file is as `data` says. */
  files?: readonly string[];
  /** A valid body, for the reference and its test. */
  example?: z.input<B>;
  /** Set when the operation changes or deletes an object, and so honours If-Match. */
  isConditional?: true;
  // Method syntax on purpose: its looser type check lets the registry hold operations of different scopes and
  // bodies.
  run(scope: NoInfer<S>, call: Call<z.output<Q>, z.output<B>>): Promise<ApiResult<Reply<z.input<D>>>>;
  /**
   * Set when the operation honours Idempotency-Key. Answers a repeated write for the object that the first one
   * created. An operation that leaves an object pending must itself remove what an interrupted request left.
   */
  replay?(scope: NoInfer<S>, objectId: string): Promise<ApiResult<Reply<z.input<D>>>>;
};

/** Declares an operation, with its types inferred. */
export function operation<
  S,
  D extends z.ZodType,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(definition: Operation<S, Q, B, D>): Operation {
  return definition;
}

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
