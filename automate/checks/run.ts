import { attemptsOf, type Claim, claimAttempts } from "@/automate/checks/attempt-limit";
import type { CheckPool } from "@/automate/checks/pool";
import type { PreparedCheck } from "@/automate/checks/prepare-check";
import { createSharedChecks } from "@/automate/checks/shared-checks";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { filledFields, givenUserField, UserNotAccepted } from "@/automate/secrets/filled-fields";
import { type Opened, openSecrets } from "@/automate/secrets/open-secret";
import { noteSent } from "@/automate/secrets/readers";
import type { Scope } from "@/lib/access/scope";
import { configHash } from "@/lib/connections/config-hash";
import {
  type CheckEvent,
  type CheckResult,
  isBeforeSignIn,
  resultWithoutCheck,
} from "@/lib/connectors/check-protocol";
import { automateEnv } from "@/lib/env";
import { keyFaultCodes } from "@/lib/internal-api/contract";
import { KeyServiceFault } from "@/lib/kms/define";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";
import type { CheckJob, Job, PasswordChange } from "@/worker/protocol";

type Deps = { keys: FabricKeys; pool: CheckPool };
type Run = {
  scope: Scope<"connection:check">;
  /** The connection's name in the audit events of its secrets. */
  connection: string;
  prepared: PreparedCheck;
  report: (event: CheckEvent) => void;
  signal: AbortSignal;
};

/** The sign-in of a check that then sets a password. `changeOf` gets the job with the opened values. */
type ChangingRun = Omit<Run, "report"> & { changeOf: (job: CheckJob) => PasswordChange };

/**
 * Runs prepared checks, each once it has a slot and the attempt limit allows a sign-in. Within one copy of
 * automate, concurrent identical checks share one run; then `isShared` is true for all callers but the first.
 * `report` does not receive the result.
 */
export function createPreparedRuns(deps: Deps) {
  const shared = createSharedChecks();
  return ({ report, signal, ...run }: Run): Promise<{ result: CheckResult; isShared: boolean }> =>
    shared.run(
      identityOf(run.scope, run.prepared),
      (reportToAll, stop) => runInSlot(deps, { ...run, report: reportToAll, signal: stop }),
      report,
      signal,
    );
}

/**
 * Signs in as a check does, with the same limits, and sets a password. Never shared: each run sets its own. A result
 * that is not ok may leave open whether the server has the new password: see `worker/passwords/define.ts`.
 */
export function createPasswordChanges(deps: Deps) {
  return ({ changeOf, ...run }: ChangingRun): Promise<CheckResult> =>
    runInSlot(deps, { ...run, report: () => {} }, changeOf);
}

export type PasswordChanges = ReturnType<typeof createPasswordChanges>;

export type PreparedRuns = ReturnType<typeof createPreparedRuns>;

/** Checks are identical when their configuration and their values are. */
function identityOf({ fabricId }: Run["scope"], { connector, properties, openings }: PreparedCheck): string {
  const versions = openings.map(({ field, opening: { secret } }) => [field, secret.version]);
  return JSON.stringify([fabricId, configHash(connector.kind, properties), versions]);
}

async function runInSlot(
  { keys, pool }: Deps,
  run: Run,
  changeOf?: ChangingRun["changeOf"],
): Promise<CheckResult> {
  const { scope, prepared, report, signal } = run;
  const attempts = attemptsOf(prepared);
  const onWait = (position: number) => report({ type: "queued", ahead: position });
  const request = {
    fabricId: scope.fabricId,
    actorId: scope.actor.id,
    keys: attempts.map(({ key }) => key),
  };
  try {
    // Before it has a slot: a key service that hangs must not hold one that others need.
    if (prepared.openings.length > 0) await keys.requireUsable(scope.fabricId);
  } catch (error) {
    return notOpenedResult(error);
  }
  const slot = await pool.slot(request, onWait, signal);
  if (slot === null) return notRunResult(signal);
  try {
    const claimed = await claimAttempts(scope.fabricId, attempts, signal, () => onWait(0));
    if (claimed.state === "busy") return notRunResult(signal);
    if (claimed.state === "paused") {
      const facts = { retryAt: claimed.until.toISOString() };
      return { ...resultWithoutCheck("sign_in_paused"), step: "sign_in", field: claimed.field, facts };
    }
    return await runClaimed({ keys, pool }, run, claimed.claim, changeOf);
  } catch (error) {
    return notOpenedResult(error);
  } finally {
    slot.release();
  }
}

async function runClaimed(
  { keys, pool }: Deps,
  run: Run,
  claim: Claim,
  changeOf?: ChangingRun["changeOf"],
): Promise<CheckResult> {
  const { report, signal } = run;
  const job = await jobOf(keys, run, changeOf).catch(async (error) => {
    await claim.release();
    throw error;
  });
  const result = await pool.run(job, (event) => event.type === "step" && report(event), signal);
  if (wasSent(result)) noteSent(run.prepared.openings.map(({ opening }) => opening.secret));
  await claim.complete(result);
  return atSecret(result, run.prepared);
}

/** True when a check got as far as the sign-in, where it sends its secrets. */
function wasSent(result: CheckResult): boolean {
  return result.ok || (result.step !== undefined && !isBeforeSignIn(result.step));
}

function notRunResult(signal: AbortSignal): CheckResult {
  return resultWithoutCheck(signal.aborted ? "cancelled" : "busy");
}

/** The result when the fabric's master key or a value is not usable. Throws every other error. */
function notOpenedResult(error: unknown): CheckResult {
  if (error instanceof KeyServiceFault) return resultWithoutCheck(keyFaultCodes[error.state]);
  if (error instanceof UserNotAccepted)
    return { ...resultWithoutCheck("secret_malformed"), step: "sign_in", field: error.field };
  throw error;
}

/** Names the secret instead of the user that it gives: the form has no such field, and the secret is to correct. */
function atSecret(result: CheckResult, { connector, openings }: PreparedCheck): CheckResult {
  if (result.ok || result.field === undefined) return result;
  const giver = openings.find(
    ({ field, opening }) => givenUserField(connector.kind, field, opening.secret.subKind) === result.field,
  );
  return giver ? { ...result, field: giver.field } : result;
}

async function jobOf(
  keys: FabricKeys,
  { scope, connection, prepared }: Run,
  changeOf?: ChangingRun["changeOf"],
): Promise<Job> {
  const { connector, properties, destinations, openings } = prepared;
  const opened = await openSecrets(keys, {
    for: "check",
    scope,
    connection,
    ...(changeOf ? { isRotation: true } : {}),
    openings: openings.map(({ opening }) => opening),
  });
  const secrets: CheckJob["secrets"] = Object.assign(
    {},
    ...openings.map(({ field, opening: { secret } }, index) =>
      filledFields(connector.kind, field, secret.subKind, workerValue(secret.subKind, opened[index] ?? {})),
    ),
  );
  const { EGRESS_ALLOW: egressAllow } = automateEnv();
  const job = { kind: connector.kind, properties, secrets, destinations, egressAllow };
  return changeOf ? { ...job, change: changeOf(job) } : job;
}

/** The value that a check receives: a string, bytes, or the fields of a compound secret. */
function workerValue(subKind: SubKind, opened: Opened) {
  const { shape } = secretKinds[subKind];
  if (shape === "file") return opened.value?.revealBytes();
  const texts = Object.fromEntries(
    Object.entries(opened).map(([field, plaintext]) => [field, plaintext.revealText()]),
  );
  return shape === "text" ? texts.value : texts;
}
