import { PassThrough } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { CheckPool } from "@/automate/check-pool";
import type { FabricKeys } from "@/automate/fabric-keys";
import { type Opened, openSecrets } from "@/automate/open-secret";
import { prepareCheck } from "@/automate/prepare-check";
import { authorizeRequest } from "@/automate/verify-request";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { automateRequests } from "@/lib/automate/schema";
import { configHash } from "@/lib/connections/config-hash";
import type { CheckEvent, CheckResult } from "@/lib/connectors/check-protocol";
import { db } from "@/lib/db";
import { automateEnv } from "@/lib/env";
import type { SubKind } from "@/lib/secrets/kinds/registry";

type Body = { kind: string; connectionName: string; properties: Record<string, unknown> };

/** Checks a connection, saved or not: its steps leave as NDJSON while they happen; a caller who hangs up cancels. */
export function checkRoutes(app: FastifyInstance, keys: FabricKeys, pool: CheckPool): void {
  app.post(automateRequests["connection:check"].path, async (request, reply) => {
    const { scope, body } = await authorizeRequest(request, "connection:check");
    const lines = new PassThrough();
    const cancel = new AbortController();
    reply.raw.once("close", () => cancel.abort());
    const send = (event: CheckEvent) => {
      if (!lines.writableEnded) lines.write(`${JSON.stringify(event)}\n`);
    };
    runCheck(keys, pool, scope, body, send, cancel.signal)
      .catch((error: Error) => {
        // The head of the answer has left, so a failure is told as the result; its message stays here.
        request.log.error({ error: error.name }, "check failed");
        send({ type: "result", ok: false, code: "unexpected", step: "name", ms: 0 });
      })
      .finally(() => lines.end());
    return reply
      .header("content-type", "application/x-ndjson")
      .header("cache-control", "no-store")
      .send(lines);
  });
}

async function runCheck(
  keys: FabricKeys,
  pool: CheckPool,
  scope: Scope<"connection:check">,
  { kind, connectionName, properties: input }: Body,
  send: (event: CheckEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = Date.now();
  const prepared = await prepareCheck(scope, kind, input);
  if (!prepared.ok) {
    const [field] = Object.keys(prepared.fieldErrors ?? {});
    const result: CheckResult = {
      type: "result",
      ok: false,
      code: prepared.code,
      step: "name",
      ms: Date.now() - startedAt,
      ...(field ? { field } : {}),
    };
    await recordResult(scope, { kind, connectionName, properties: input }, result);
    return send(result);
  }
  const { properties, destinations, openings } = prepared.value;
  const opened = await openSecrets(
    keys,
    { for: "check", scope, connection: connectionName },
    openings.map(({ opening }) => opening),
  );
  const secrets = Object.fromEntries(
    openings.map(({ field, opening }, index) => [
      field,
      forWorker(opening.secret.subKind, opened[index] ?? {}),
    ]),
  );
  // The result is recorded before it is told.
  const tell = (event: CheckEvent) => event.type === "step" && send(event);
  const job = { kind, properties, secrets, destinations, egressAllow: automateEnv().EGRESS_ALLOW };
  const result = await pool.run(job, tell, signal);
  await recordResult(scope, { kind, connectionName, properties }, result);
  send(result);
}

/** What a check receives: a string, bytes, or the fields of a compound secret. */
function forWorker(subKind: SubKind, opened: Opened) {
  if (subKind === "binary") return opened.value?.revealBytes();
  const texts = Object.fromEntries(
    Object.entries(opened).map(([field, plaintext]) => [field, plaintext.revealText()]),
  );
  return subKind === "text" ? texts.value : texts;
}

async function recordResult(
  scope: Scope<"connection:check">,
  { kind, connectionName, properties }: Body,
  result: CheckResult,
) {
  // A check that was called off says nothing about the connection.
  if (!result.ok && result.code === "cancelled") return;
  const { fabricId, teamId, actor } = scope;
  const isJudged = result.ok || (result.code !== "misconfigured" && result.code !== "secret_missing");
  const outcome = result.ok
    ? {}
    : { code: result.code, step: result.step, ...(result.field ? { field: result.field } : {}) };
  await db.$transaction(async (tx) => {
    // What was never judged may hold something that was typed in the wrong place: not even its digest is kept.
    if (isJudged)
      await tx.connectionCheck.create({
        data: {
          fabricId,
          configHash: configHash(kind, properties),
          ok: result.ok,
          tookMs: result.ms,
          actorId: actor.id,
          actorName: actor.name,
          ...outcome,
        },
        select: { id: true },
      });
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "connection.check",
      object: { kind: "connection", id: "", name: connectionName },
      details: { ok: result.ok, tookMs: result.ms, ...outcome },
    });
  });
}
