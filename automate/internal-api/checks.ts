import { PassThrough } from "node:stream";
import type { FastifyInstance } from "fastify";
import { authorizeDestinations, type NewDestinations } from "@/automate/checks/authorize-destinations";
import { prepareCheck, versionsOf } from "@/automate/checks/prepare-check";
import type { Reach } from "@/automate/checks/reach";
import { failureOf, storeResult } from "@/automate/checks/results";
import type { PreparedRuns } from "@/automate/checks/run";
import { handle } from "@/automate/internal-api/verify-request";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { configHash } from "@/lib/connections/config-hash";
import {
  type CheckEvent,
  type CheckResult,
  type CheckStep,
  isBeforeSignIn,
  resultWithoutCheck,
} from "@/lib/connectors/check-protocol";
import { db, isOutage } from "@/lib/db/client";
import type { AutomateBody } from "@/lib/internal-api/contract";

type Body = AutomateBody<"connection:check">;

/** The two parts of a check: without values as far as the sign-in, and whole. */
export type Runs = { reach: Reach; runPrepared: PreparedRuns };

/**
 * Checks a connection, saved or not. Streams its steps as NDJSON while they happen; a caller who disconnects
 * cancels the check.
 */
export function checkRoutes(app: FastifyInstance, run: Runs): void {
  handle(app, "connection:check", async ({ scope, body, request, reply }) => {
    const lines = new PassThrough();
    const cancel = new AbortController();
    reply.raw.once("close", () => cancel.abort());
    const send = (event: CheckEvent) => {
      if (!lines.writableEnded) lines.write(`${JSON.stringify(event)}\n`);
    };
    checkAndRecord(run, scope, body, send, cancel.signal)
      .catch((error: Error) => {
        // The response headers are already sent, so a failure is sent as the result. Its message is not sent.
        request.log.error({ error: error.name }, "check failed");
        const code = isOutage(error) ? "database_unavailable" : "unexpected";
        send(resultWithoutCheck(code));
      })
      .finally(() => lines.end());
    return reply
      .header("content-type", "application/x-ndjson")
      .header("cache-control", "no-store")
      .send(lines);
  });
}

async function checkAndRecord(
  { reach, runPrepared }: Runs,
  scope: Scope<"connection:check">,
  { kind, connectionName, properties: input, isConfirmed, shownDestinations }: Body,
  send: (event: CheckEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = Date.now();
  const refuse = async (refusal: Refused, properties: Body["properties"]) => {
    const result = { ...resultWithoutCheck(refusal.code), ...refusal, ms: Date.now() - startedAt };
    await recordResult(scope, { kind, connectionName, properties }, result);
    send(result);
  };
  const prepared = await prepareCheck(scope, kind, input);
  if (!prepared.ok) {
    const [field] = Object.keys(prepared.fieldErrors ?? {});
    return refuse({ code: prepared.code, ...(field ? { field } : {}) }, input);
  }
  const { properties } = prepared.value;
  let isReached = false;
  const common = { scope, prepared: prepared.value, signal };
  const decision = await authorizeDestinations(scope, prepared.value, {
    isConfirmed,
    shownDestinations,
    reach: async (fields) => {
      isReached = true;
      return reach({ ...common, fields, report: onlyBeforeSignIn(send) });
    },
  });
  if (decision.state === "refused" || decision.state === "unconfirmed") {
    const code = decision.state === "refused" ? "destination_not_allowed" : "destination_unconfirmed";
    return refuse({ code, step: "sign_in", ...unconfirmedOf(decision.missing) }, properties);
  }
  const { result, isShared } =
    decision.state === "unreached"
      ? { result: decision.result, isShared: false }
      : await runPrepared({
          ...common,
          connection: connectionName,
          // The caller has seen the first steps.
          report: isReached ? onlyFromSignIn(send) : send,
        });
  // Automate records the result before it sends it.
  await recordResult(
    scope,
    { kind, connectionName, properties },
    result,
    isShared,
    versionsOf(prepared.value),
  );
  send(result);
}

type Send = (event: CheckEvent) => void;

const onlyBeforeSignIn =
  (send: Send): Send =>
  (event) => {
    if (event.type !== "step" || isBeforeSignIn(event.step)) send(event);
  };

const onlyFromSignIn =
  (send: Send): Send =>
  (event) => {
    if (event.type !== "step" || !isBeforeSignIn(event.step)) send(event);
  };

type Refused = Pick<CheckResult & { ok: false }, "code" | "field" | "newDestinations"> & { step?: CheckStep };

function unconfirmedOf(
  missing: readonly [NewDestinations, ...NewDestinations[]],
): Pick<Refused, "field" | "newDestinations"> {
  const newDestinations = missing.map(({ secret, destinations }) => ({ secret: secret.name, destinations }));
  return { field: missing[0].field, newDestinations };
}

async function recordResult(
  scope: Scope<"connection:check">,
  { kind, connectionName, properties }: Omit<Body, "isConfirmed" | "shownDestinations">,
  result: CheckResult,
  /** True when another caller's run gave the result, which is then already recorded. */
  isShared = false,
  versions: Record<string, number> = {},
) {
  // A cancelled check says nothing about the connection.
  if (!result.ok && result.code === "cancelled") return;
  const { fabricId, teamId, actor } = scope;
  const isStored = result.ok || (result.code !== "misconfigured" && result.code !== "secret_missing");
  await db.$transaction(async (tx) => {
    // Unvalidated properties may contain a secret typed into the wrong field, so not even their digest is
    // stored.
    if (isStored && !isShared) await storeResult(tx, scope, configHash(kind, properties), result, versions);
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "connection.check",
      object: { kind: "connection", id: "", name: connectionName },
      details: { ok: result.ok, tookMs: result.ms, ...failureOf(result) },
    });
  });
}
