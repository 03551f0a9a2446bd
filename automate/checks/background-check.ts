import { randomUUID } from "node:crypto";
import { authorizeDestinations } from "@/automate/checks/authorize-destinations";
import { type DueConnection, findDue } from "@/automate/checks/due-connections";
import {
  claimLeases,
  connectionLeaseKey,
  endLease,
  endpointLeaseKey,
  releaseLeases,
} from "@/automate/checks/leases";
import { prepareCheck, versionsOf } from "@/automate/checks/prepare-check";
import { failureOf, storeResult } from "@/automate/checks/results";
import type { PreparedRuns } from "@/automate/checks/run";
import { authorizeBackground } from "@/lib/access/background";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { inconclusiveCodes } from "@/lib/connections/schema";
import { type CheckCode, type CheckResult, resultWithoutCheck } from "@/lib/connectors/check-protocol";
import { db, isOutage, type Prisma } from "@/lib/db/client";

/** The longest wait for a slot and for sign-ins, plus the longest run. Leases last longer. */
const maxCheckMs = 140_000;

/** Results that say nothing about the connection and cost nothing. The connection stays due. */
const notRecorded: readonly CheckCode[] = ["cancelled", "busy"];

/**
 * Checks one connection that is still due. Returns `busy` when another background check, of this or another
 * copy of automate, checks it or uses one of its endpoints.
 *
 * Holds no transaction open while the check runs. Rejects when the database is unavailable: the connection
 * stays due and its leases expire.
 */
export async function checkInBackground(
  runPrepared: PreparedRuns,
  connectionId: string,
  minutes: number,
  stop: AbortSignal = new AbortController().signal,
): Promise<"done" | "busy"> {
  const holder = randomUUID();
  if (!(await claimLeases(holder, [connectionLeaseKey(connectionId)]))) return "busy";
  try {
    const due = await findDue(minutes, connectionId);
    const scope = due && (await authorizeBackground(due.fabricId));
    if (!due || !scope) return "done";
    const signal = AbortSignal.any([AbortSignal.timeout(maxCheckMs), stop]);
    const outcome = await check(runPrepared, scope, due, { holder, signal }).catch((error: unknown) => {
      // A database outage says nothing about the connection.
      if (isOutage(error)) throw error;
      return untriedOutcome("unexpected");
    });
    if (outcome === null) return "busy";
    await recordOutcome(scope, due, holder, outcome);
    return "done";
  } finally {
    await releaseLeases(holder).catch(() => {});
  }
}

/** The result, and the version of each secret that the check tried. */
type Outcome = { result: CheckResult; versions: Record<string, number> };

function untriedOutcome(code: CheckCode): Outcome {
  return { result: resultWithoutCheck(code), versions: {} };
}

/** Returns null when an endpoint is busy, or when another run records the result. */
async function check(
  runPrepared: PreparedRuns,
  scope: Scope<"connection:check">,
  { id, name, kind }: DueConnection,
  { holder, signal }: { holder: string; signal: AbortSignal },
): Promise<Outcome | null> {
  const { properties, secrets } = await db.connection.findUniqueOrThrow({
    where: { id },
    select: { properties: true, secrets: { select: { field: true, secretId: true } } },
  });
  const references = Object.fromEntries(secrets.map(({ field, secretId }) => [field, secretId]));
  const prepared = await prepareCheck(scope, kind, { ...(properties as Prisma.JsonObject), ...references });
  if (!prepared.ok) return untriedOutcome(prepared.code);
  const decision = await authorizeDestinations(scope, prepared.value, {
    isConfirmed: false,
    reach: null,
  });
  if (decision.state !== "allowed") return untriedOutcome("destination_not_allowed");
  if (!(await claimLeases(holder, prepared.value.destinations.map(endpointLeaseKey)))) return null;
  const { result, isShared } = await runPrepared({
    scope,
    connection: name,
    prepared: prepared.value,
    report: () => {},
    signal,
  });
  return isShared ? null : { result, versions: versionsOf(prepared.value) };
}

/**
 * Records an audit event when the status changes, not for each check. `openSecrets` records each use of a
 * secret.
 */
async function recordOutcome(
  scope: Scope<"connection:check">,
  { id, name, configHash }: DueConnection,
  holder: string,
  { result, versions }: Outcome,
): Promise<void> {
  if (!result.ok && notRecorded.includes(result.code)) return;
  const { fabricId, teamId, actor } = scope;
  const isAboutStatus = result.ok || !inconclusiveCodes.includes(result.code);
  await db.$transaction(async (tx) => {
    // If the lease has expired, another copy of automate may already run this check.
    if (!(await endLease(tx, holder, connectionLeaseKey(id)))) return;
    const before = await tx.connectionCheck.findFirst({
      where: { fabricId, configHash, OR: [{ code: null }, { code: { notIn: [...inconclusiveCodes] } }] },
      orderBy: { checkedAt: "desc" },
      select: { ok: true },
    });
    await storeResult(tx, scope, configHash, result, versions);
    if (!isAboutStatus || (before?.ok ?? true) === result.ok) return;
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "connection.status",
      object: { kind: "connection", id, name },
      details: { ok: result.ok, tookMs: result.ms, ...failureOf(result) },
    });
  });
}
