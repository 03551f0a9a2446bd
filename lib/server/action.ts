import "server-only";
import { refresh } from "next/cache";
import type { z } from "zod";
import { authorize, authorizeTeam } from "@/lib/access/authorize";
import type { Permission } from "@/lib/access/policy";
import type { Actor, Scope, TeamScope } from "@/lib/access/scope";
import { Forbidden, fail, NotFound, NotFresh, type Result } from "@/lib/result";
import { currentActor } from "@/lib/server/actor";

/** What any action can answer besides its own codes. */
export type DoorCode = "invalid" | "not_found" | "forbidden" | "reauthenticate" | "signed_out";
type Answer<T, Code extends string> = Promise<Result<T, Code | DoorCode>>;

/** A server action in a fabric: signed in → scope → parsed input → run → refreshed pages. */
export function action<P extends Permission, S extends z.ZodType, T, Code extends string>(definition: {
  permission: P;
  input: S;
  run: (scope: Scope<NoInfer<P>>, input: z.infer<S>) => Promise<Result<T, Code>>;
}) {
  return (fabricId: string, input: z.input<S>): Answer<T, Code> =>
    door(definition.input, input, async (actor, parsed) =>
      definition.run(await authorize(actor, String(fabricId), definition.permission), parsed),
    );
}

/** A server action in a team. */
export function teamAction<P extends Permission, S extends z.ZodType, T, Code extends string>(definition: {
  permission: P;
  input: S;
  run: (scope: TeamScope<NoInfer<P>>, input: z.infer<S>) => Promise<Result<T, Code>>;
}) {
  return (teamId: string, input: z.input<S>): Answer<T, Code> =>
    door(definition.input, input, async (actor, parsed) =>
      definition.run(await authorizeTeam(actor, String(teamId), definition.permission), parsed),
    );
}

/** A server action on oneself: one's own session, password or membership. */
export function ownAction<S extends z.ZodType, T, Code extends string>(definition: {
  input: S;
  run: (actor: Actor, input: z.infer<S>) => Promise<Result<T, Code>>;
}) {
  return (input: z.input<S>): Answer<T, Code> => door(definition.input, input, definition.run);
}

async function door<S extends z.ZodType, T, Code extends string>(
  schema: S,
  input: unknown,
  run: (actor: Actor, parsed: z.infer<S>) => Promise<Result<T, Code>>,
): Answer<T, Code> {
  const actor = await currentActor();
  if (!actor) return fail("signed_out");
  const parsed = schema.safeParse(input);
  if (!parsed.success) return fail("invalid", fieldErrors(parsed.error));
  try {
    const result = await run(actor, parsed.data);
    if (result.ok) refresh();
    return result;
  } catch (error) {
    if (error instanceof NotFound) return fail("not_found");
    if (error instanceof Forbidden) return fail("forbidden");
    if (error instanceof NotFresh) return fail("reauthenticate");
    throw error;
  }
}

/** The first sentence for each field that did not parse. */
export function fieldErrors(error: z.ZodError): Record<string, string> {
  const byField: Record<string, string> = {};
  for (const issue of error.issues) byField[issue.path.join(".")] ??= issue.message;
  return byField;
}
