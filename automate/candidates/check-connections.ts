import { findCandidate, isOpen } from "@/automate/candidates/open-candidate";
import { findFormerSecret, sendsWhereUndoWouldNot } from "@/automate/candidates/undo";
import { findConnectionsToCheck, type UsingConnection } from "@/automate/candidates/using-connections";
import { authorizeDestinations, newDestinations } from "@/automate/checks/authorize-destinations";
import { type PreparedCheck, prepareCheck, versionsOf } from "@/automate/checks/prepare-check";
import { failureOf, storeResult } from "@/automate/checks/results";
import type { PreparedRuns } from "@/automate/checks/run";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import type { ConnectionCheckEvent } from "@/lib/candidates/schema";
import { type CheckEvent, type CheckResult, resultWithoutCheck } from "@/lib/connectors/check-protocol";
import { db, isOutage } from "@/lib/db/client";
import { areAllowed, getDestinationRule } from "@/lib/destinations/queries";

type Checker = Scope<"connection:check">;

/**
 * A secret whose connections are to be checked, and the value to try: a candidate, the former value, or, if that is null,
 * the current one. No result of the former value is stored, because no connection uses it.
 */
type Subject = { secretId: string; tried: SecretWithAuthors | null };

function isFormer(tried: SecretWithAuthors | null): tried is SecretWithAuthors {
  return tried !== null && tried.version > 0;
}

/** The number of the candidate that is tried. */
function candidateNumber(tried: SecretWithAuthors | null): number | undefined {
  return tried && tried.version < 0 ? -tried.version : undefined;
}

type Run = {
  runPrepared: PreparedRuns;
  report: (event: ConnectionCheckEvent) => void;
  signal: AbortSignal;
};

/** How many connections one request checks at once. The pool's own limits hold in addition. */
const lanes = 3;

/**
 * Checks connections that use a secret, each once. Reports each result after its event and its row are stored. With
 * `ids`, only these connections; otherwise those that were not checked with the candidate yet, or all.
 * Aborting `signal` ends the running checks; the others stay unchecked.
 */
export async function checkConnections(
  scope: Checker,
  subject: Subject,
  ids: readonly string[] | undefined,
  { runPrepared, report, signal }: Run,
): Promise<void> {
  const all = await findConnectionsToCheck(scope.fabricId, subject.secretId, ids);
  const isChecked = ids ? () => false : await checkedBefore(subject);
  const waiting = all.filter((connection) => !isChecked(connection)).values();
  const work = async () => {
    for (const connection of waiting) {
      if (signal.aborted) return;
      const send = (event: CheckEvent) => report({ connectionId: connection.id, event });
      send(await checkOne(scope, subject, connection, { runPrepared, report: send, signal }));
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
}

/** Whether a connection has a result of the candidate, with its present settings. */
async function checkedBefore({ secretId, tried }: Subject) {
  const number = candidateNumber(tried);
  const rows = number
    ? await db.candidateCheck.findMany({
        where: { secretId, number },
        select: { connectionId: true, configHash: true },
      })
    : [];
  const hashes = new Map(rows.map(({ connectionId, configHash }) => [connectionId, configHash]));
  return ({ id, configHash }: UsingConnection) => hashes.get(id) === configHash;
}

type RunOne = Omit<Run, "report"> & { report: (event: CheckEvent) => void };

async function checkOne(
  scope: Checker,
  subject: Subject,
  connection: UsingConnection,
  run: RunOne,
): Promise<CheckResult> {
  const startedAt = Date.now();
  const { result, versions } = await resultOf(scope, subject, connection, run).catch((error: unknown) => {
    if (isOutage(error)) throw error;
    return untried("unexpected");
  });
  const timed = result.ms === 0 ? { ...result, ms: Date.now() - startedAt } : result;
  if (!timed.ok && timed.code === "cancelled") return timed;
  await storeOne(scope, subject, connection, { result: timed, versions });
  return timed;
}

type Outcome = { result: CheckResult; versions: Record<string, number> | null };

function untried(code: Parameters<typeof resultWithoutCheck>[0], more: object = {}): Outcome {
  return { result: { ...resultWithoutCheck(code), ...more }, versions: null };
}

async function resultOf(
  scope: Checker,
  { tried }: Subject,
  { name, kind, properties }: UsingConnection,
  { runPrepared, report, signal }: RunOne,
): Promise<Outcome> {
  const prepared = await prepareCheck(scope, kind, properties, tried ?? undefined);
  if (!prepared.ok) {
    const [field] = Object.keys(prepared.fieldErrors ?? {});
    return untried(prepared.code, field ? { field } : {});
  }
  // Others may have run for a while before this one.
  if (isFormer(tried) && (await findFormerSecret(scope, tried.id))?.version !== tried.version)
    return untried("secret_missing");
  const missing = await missingFor(scope, tried, prepared.value);
  if (missing) return untried("destination_not_allowed", { step: "sign_in", ...missing });
  const { result } = await runPrepared({
    scope,
    connection: name,
    prepared: prepared.value,
    report,
    signal,
  });
  return { result, versions: versionsOf(prepared.value) };
}

type Missing = Awaited<ReturnType<typeof newDestinations>>;

function namedIn(missing: Missing) {
  const newDestinations = missing.map(({ secret, destinations }) => ({ secret: secret.name, destinations }));
  return { ...(missing[0] ? { field: missing[0].field } : {}), newDestinations };
}

/** The destinations to which the tried value may not be sent, or null. The former value goes only where it was allowed. */
async function missingFor(scope: Checker, tried: SecretWithAuthors | null, prepared: PreparedCheck) {
  if (tried === null) return missingForCurrent(scope, prepared);
  if (!isFormer(tried)) return missingForCandidate(scope, tried, prepared);
  const missing = await newDestinations(scope.fabricId, prepared);
  if (missing.length > 0) return namedIn(missing);
  return (await sendsWhereUndoWouldNot(scope, tried, prepared)) ? {} : null;
}

/**
 * The destinations to which a candidate may not be sent, or null. It may go where the former version was allowed and
 * its author confirmed that. In an open fabric, `openSecrets` allows others too, but none that the author left out.
 */
async function missingForCandidate(scope: Checker, candidate: SecretWithAuthors, prepared: PreparedCheck) {
  const missing = await newDestinations(scope.fabricId, prepared);
  if (missing.length === 0) return null;
  if ((await getDestinationRule(scope)) !== "open") return namedIn(missing);
  const { baseVersion } = await db.secretCandidate.findUniqueOrThrow({
    where: { secretId_number: { secretId: candidate.id, number: -candidate.version } },
    select: { baseVersion: true },
  });
  const former = missing
    .filter(({ secret }) => secret.id === candidate.id)
    .flatMap(({ destinations }) =>
      destinations.map((destination) => ({ secretId: candidate.id, version: baseVersion, destination })),
    );
  const wasAllowed = await areAllowed(scope.fabricId, former, "checks");
  return wasAllowed.some((one) => one) ? namedIn(missing) : null;
}

/** Allows nothing outside an open fabric: nobody confirmed a destination. */
async function missingForCurrent(scope: Checker, prepared: PreparedCheck) {
  const decision = await authorizeDestinations(scope, prepared, { isConfirmed: false, reach: null });
  return decision.state === "allowed" || decision.state === "unreached" ? null : namedIn(decision.missing);
}

async function storeOne(
  scope: Checker,
  { secretId, tried }: Subject,
  { id, name, configHash }: UsingConnection,
  { result, versions }: Outcome,
): Promise<void> {
  const { fabricId, teamId, actor } = scope;
  await db.$transaction(async (tx) => {
    const number = candidateNumber(tried);
    if (number !== undefined) {
      const stored = await findCandidate(scope, secretId, number, tx);
      // It was promoted or discarded meanwhile.
      if (!stored || !isOpen(stored)) return;
      const { code = null, step = null, field = null } = failureOf(result);
      const data = { configHash, ok: result.ok, code, step, field, durationMs: result.ms };
      await tx.candidateCheck.upsert({
        where: { secretId_number_connectionId: { secretId, number, connectionId: id } },
        create: { secretId, number, connectionId: id, ...data },
        update: { ...data, checkedAt: new Date() },
        select: { number: true },
      });
    } else if (versions && tried === null) await storeResult(tx, scope, configHash, result, versions);
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "connection.check",
      object: { kind: "connection", id, name },
      details: {
        ok: result.ok,
        tookMs: result.ms,
        ...failureOf(result),
        ...(number !== undefined ? { candidate: number } : tried ? { version: tried.version } : {}),
      },
    });
  });
}
