import "server-only";
import type { Scope } from "@/lib/access/scope";
import type { CheckInput } from "@/lib/connections/schema";
import { secretTypes } from "@/lib/connections/secret-types";
import {
  type CheckCode,
  type CheckResult,
  checkEventSchema,
  resultWithoutCheck,
  type StepEvent,
} from "@/lib/connectors/check-protocol";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";
import { isOutage } from "@/lib/db/client";
import { sendToAutomate } from "@/lib/internal-api/client";
import { automateError } from "@/lib/internal-api/contract";
import { fail, Misconfigured, ok, type Result } from "@/lib/result";

type Checker = Scope<"connection:check">;
type Code = "unknown_kind" | "invalid_properties";

/** Why automate ran no check. */
type Unanswered = Extract<
  CheckCode,
  "automate_unavailable" | "database_unavailable" | "selvage_misconfigured"
>;

/**
 * Asks automate to check a connection, saved or not. Returns automate's NDJSON stream of check events, or the
 * one result that says why no check ran.
 * Aborting `signal` cancels the check.
 */
export async function startCheck(
  scope: Checker,
  { kind, name, properties, isConfirmed, shownDestinations }: CheckInput,
  signal: AbortSignal,
): Promise<Result<ReadableStream<Uint8Array> | CheckResult, Code>> {
  const connector = findConnector(kind);
  if (!connector) return fail("unknown_kind");
  const validated = validate(connector, properties, await typesIfRead(scope, kind, properties));
  if (!validated.ok) return fail("invalid_properties", validated.fieldErrors);
  const body = { kind, connectionName: name, properties: validated.value, isConfirmed, shownDestinations };
  try {
    const answer = await sendToAutomate(scope, "connection:check", body, signal);
    return ok(answer.ok && answer.body ? answer.body : resultWithoutCheck(await refusalOf(answer)));
  } catch (error) {
    // `sendToAutomate` has already logged the message.
    return ok(
      resultWithoutCheck(error instanceof Misconfigured ? "selvage_misconfigured" : "automate_unavailable"),
    );
  }
}

/** Without the database, automate reads the types of the secrets, and its result says what is missing. */
function typesIfRead(scope: Checker, kind: string, properties: CheckInput["properties"]) {
  return secretTypes(scope, kind, properties).catch((error: unknown) => {
    if (isOutage(error)) return undefined;
    throw error;
  });
}

async function refusalOf(answer: Response): Promise<Unanswered> {
  const refusal = automateError.safeParse(await answer.json().catch(() => undefined));
  const isDatabaseDown = refusal.success && refusal.data.error.code === "database_unavailable";
  return isDatabaseDown ? "database_unavailable" : "automate_unavailable";
}

/** Runs a check to its result, for a caller that waits. */
export async function waitForCheck(
  scope: Checker,
  input: CheckInput,
  signal: AbortSignal,
): Promise<Result<{ steps: StepEvent[]; result: CheckResult }, Code>> {
  const started = await startCheck(scope, input, signal);
  if (!started.ok) return started;
  if (!(started.value instanceof ReadableStream)) return ok({ steps: [], result: started.value });
  const text = await new Response(started.value).text().catch(() => "");
  const events = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => checkEventSchema.parse(JSON.parse(line)));
  const steps = events.filter((event) => event.type === "step");
  return ok({
    steps,
    result: events.find((event) => event.type === "result") ?? resultWithoutCheck("automate_unavailable"),
  });
}
