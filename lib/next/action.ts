import "server-only";
import { refresh } from "next/cache";
import { unstable_rethrow } from "next/navigation";
import type * as z from "zod";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Scope, TeamScope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { isOutage } from "@/lib/db/client";
import { type Saved, watchWrites } from "@/lib/db/writes";
import { findIdempotentRequest } from "@/lib/idempotency/queries";
import { type IdempotentRequest, idempotentForm } from "@/lib/idempotency/request";
import { logFailure } from "@/lib/log";
import { currentActor } from "@/lib/next/actor";
import { isNotAdmitted } from "@/lib/next/not-admitted";
import {
  Forbidden,
  fail,
  isMisconfigured,
  NotFound,
  NotFresh,
  OutcomeUnknown,
  QuotaExceeded,
  type Result,
} from "@/lib/result";
import { wipeBytes } from "@/lib/wipe";

/** The codes that any action can return in addition to its own. */
export type BoundaryCode =
  | ("invalid" | "not_found" | "forbidden" | "reauthenticate" | "signed_out")
  | ("rate_limited" | "quota_exceeded")
  // For failed writes: nothing was saved, a part was saved, another input was saved under this key, or the
  // outcome is unknown.
  | (
      | "unexpected"
      | "database_unavailable"
      | "misconfigured"
      | "partly_saved"
      | "saved_before"
      | "outcome_unknown"
    );
type Answer<T, Code extends string> = Promise<Result<T, Code | BoundaryCode>>;

/** Returns the result of an earlier attempt of the same form, from the object id that it stored. */
type Replay<S, I, T, Code extends string> = (
  scope: S,
  objectId: string,
  input: I,
) => Promise<Result<T, Code>>;

/**
 * A server action in a fabric. Requires a session, gets the scope, parses the input, runs, and refreshes the
 * page.
 */
export function action<P extends Permission, S extends z.ZodType, T, Code extends string>(definition: {
  permission: P;
  input: S;
  run: (
    scope: Scope<NoInfer<P>>,
    input: z.infer<S>,
    idempotent?: IdempotentRequest,
  ) => Promise<Result<T, Code>>;
  replay?: Replay<Scope<NoInfer<P>>, z.infer<S>, T, Code>;
}) {
  return (fabricId: string, input: z.input<S>, key?: string): Answer<T, Code> =>
    atBoundary(definition.input, input, async (actor, parsed) => {
      const scope = await authorize(actor, String(fabricId), definition.permission);
      return runIdempotent(definition, scope, parsed, key);
    });
}

/** A server action in a team. */
export function teamAction<P extends Permission, S extends z.ZodType, T, Code extends string>(definition: {
  permission: P;
  input: S;
  run: (
    scope: TeamScope<NoInfer<P>>,
    input: z.infer<S>,
    idempotent?: IdempotentRequest,
  ) => Promise<Result<T, Code>>;
  replay?: Replay<TeamScope<NoInfer<P>>, z.infer<S>, T, Code>;
}) {
  return (teamId: string, input: z.input<S>, key?: string): Answer<T, Code> =>
    atBoundary(definition.input, input, async (actor, parsed) => {
      const scope = await authorizeTeam(actor, String(teamId), definition.permission);
      return runIdempotent(definition, scope, parsed, key);
    });
}

/** A server action on the person's own session, password or membership. */
export function ownAction<S extends z.ZodType, T, Code extends string>(definition: {
  input: S;
  run: (actor: Actor, input: z.infer<S>) => Promise<Result<T, Code>>;
}) {
  return (input: z.input<S>): Answer<T, Code> => atBoundary(definition.input, input, definition.run);
}

/**
 * Runs a write. If an earlier attempt of the same form already wrote, returns that attempt's result instead.
 */
async function runIdempotent<S extends { actor: Actor }, I, T, Code extends string>(
  {
    run,
    replay,
  }: {
    run: (scope: S, input: I, idempotent?: IdempotentRequest) => Promise<Result<T, Code>>;
    replay?: Replay<S, I, T, Code>;
  },
  scope: S,
  input: I,
  key: unknown,
): Promise<Result<T, Code | BoundaryCode>> {
  if (!replay || typeof key !== "string" || !/^[\w-]{16,64}$/.test(key)) return run(scope, input);
  const idempotent = idempotentForm(scope.actor, key, input);
  const before = await findIdempotentRequest(idempotent);
  const result = before === null ? await run(scope, input, idempotent) : undefined;
  if (result?.ok) return result;
  // Another attempt may have finished meanwhile.
  const stored = before ?? (await findIdempotentRequest(idempotent));
  if (stored === "other_body") return fail("saved_before");
  return stored ? replay(scope, stored.objectId, input) : (result ?? fail("unexpected"));
}

async function atBoundary<S extends z.ZodType, T, Code extends string>(
  schema: S,
  input: unknown,
  run: (actor: Actor, parsed: z.infer<S>) => Promise<Result<T, Code | BoundaryCode>>,
): Answer<T, Code> {
  const writes = watchWrites();
  try {
    if (await isNotAdmitted()) return fail("rate_limited");
    const actor = await currentActor();
    if (!actor) return fail("signed_out");
    const parsed = schema.safeParse(input);
    if (!parsed.success) return fail("invalid", fieldErrors(parsed.error));
    const { data } = parsed;
    const result = await writes.run(() => run(actor, data)).finally(() => wipeBytes(data));
    if (result.ok) refresh();
    return result;
  } catch (error) {
    if (error instanceof NotFound) return fail("not_found");
    if (error instanceof Forbidden) return fail("forbidden");
    if (error instanceof NotFresh) return fail("reauthenticate");
    if (error instanceof QuotaExceeded) return fail("quota_exceeded", { quota: error.message });
    // Rethrows Next's own errors, such as redirects.
    unstable_rethrow(error);
    logFailure("server action", error);
    return fail(failureCode(error, writes.saved()));
  }
}

function failureCode(error: unknown, saved: Saved): BoundaryCode {
  if (saved === "unknown" || error instanceof OutcomeUnknown) return "outcome_unknown";
  if (saved === "something") return "partly_saved";
  if (isMisconfigured(error)) return "misconfigured";
  return isOutage(error) ? "database_unavailable" : "unexpected";
}

/** Returns the first message for each invalid field. */
export function fieldErrors(error: z.ZodError): Record<string, string> {
  const byField: Record<string, string> = {};
  for (const issue of error.issues) byField[issue.path.join(".")] ??= issue.message;
  return byField;
}
