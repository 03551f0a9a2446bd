import "server-only";
import type { Scope } from "@/lib/access/scope";
import { sendToAutomate } from "@/lib/internal-api/client";
import { type AutomateBody, automateError } from "@/lib/internal-api/contract";
import { fail, NotFound, ok, type Result } from "@/lib/result";

/**
 * Asks automate to check the connections of a secret: with a candidate, its former or its current value. Returns
 * automate's NDJSON stream of ConnectionCheckEvent. Aborting `signal` ends the running checks.
 * Throws `NotFound`, and `Misconfigured` when the clocks differ.
 */
export async function startChecks(
  scope: Scope<"connection:check">,
  body: AutomateBody<"candidate:check">,
  signal: AbortSignal,
): Promise<Result<ReadableStream<Uint8Array>, "automate_unavailable" | "database_unavailable">> {
  const answer = await sendToAutomate(scope, "candidate:check", body, signal).catch((error: unknown) => {
    if (error instanceof Error && error.name === "Misconfigured") throw error;
    return null;
  });
  if (answer?.ok && answer.body) return ok(answer.body);
  if (answer?.status === 404) throw new NotFound("New value not found.");
  const refusal = automateError.safeParse(await answer?.json().catch(() => undefined));
  const isDatabaseDown = refusal.success && refusal.data.error.code === "database_unavailable";
  return fail(isDatabaseDown ? "database_unavailable" : "automate_unavailable");
}
