import "server-only";
import type { Scope } from "@/lib/access/scope";
import { sendToAutomate } from "@/lib/automate/client";
import type { CheckInput } from "@/lib/connections/schema";
import { type CheckResult, checkEventSchema, type StepEvent } from "@/lib/connectors/check-protocol";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";
import { fail, ok, type Result } from "@/lib/result";

type Checker = Scope<"connection:check">;
type Code = "unknown_kind" | "invalid_properties";

/** The result of a check when automate does not answer. */
export const unansweredCheck: CheckResult = {
  type: "result",
  ok: false,
  code: "automate_unavailable",
  step: "name",
  ms: 0,
};

/**
 * Has automate check a connection, saved or not. The stream is automate's own NDJSON of check events, as they come; null
 * when it cannot be reached. Hanging up, by the signal, cancels.
 */
export async function startCheck(
  scope: Checker,
  { kind, name, properties, isConfirmed, shownPlaces }: CheckInput,
  signal: AbortSignal,
): Promise<Result<ReadableStream<Uint8Array> | null, Code>> {
  const connector = findConnector(kind);
  if (!connector) return fail("unknown_kind");
  const validated = validate(connector, properties);
  if (!validated.ok) return fail("invalid_properties", validated.fieldErrors);
  const body = { kind, connectionName: name, properties: validated.value, isConfirmed, shownPlaces };
  const answer = await sendToAutomate(scope, "connection:check", body, signal).catch(() => undefined);
  return ok(answer?.ok ? answer.body : null);
}

/** A check from its beginning to its result, for a caller that waits. */
export async function runCheck(
  scope: Checker,
  input: CheckInput,
  signal: AbortSignal,
): Promise<Result<{ steps: StepEvent[]; result: CheckResult }, Code>> {
  const started = await startCheck(scope, input, signal);
  if (!started.ok) return started;
  const text = started.value ? await new Response(started.value).text().catch(() => "") : "";
  const events = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => checkEventSchema.parse(JSON.parse(line)));
  const steps = events.filter((event) => event.type === "step");
  return ok({ steps, result: events.find((event) => event.type === "result") ?? unansweredCheck });
}
