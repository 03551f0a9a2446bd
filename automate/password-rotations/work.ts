import { checkConnections } from "@/automate/candidates/check-connections";
import { promoteCandidate } from "@/automate/candidates/promote";
import { findConnectionsToCheck } from "@/automate/candidates/using-connections";
import { endRun } from "@/automate/password-rotations/end-run";
import {
  keepLease,
  type PasswordRun,
  releaseRun,
  withHeldRun,
} from "@/automate/password-rotations/password-run";
import { findRotation, type PasswordRotation } from "@/automate/password-rotations/rotation";
import { setAtServer } from "@/automate/password-rotations/set-at-server";
import type { RotationDeps, SetOutcome } from "@/automate/password-rotations/set-outcome";
import type { StartedRun } from "@/automate/password-rotations/start-run";
import { keepCandidate } from "@/automate/password-rotations/store-candidate";
import { whichPassword } from "@/automate/password-rotations/which-password";
import { findCandidateSecret } from "@/automate/secrets/usable-secret";
import { authorizeBackground } from "@/lib/access/background";
import type { Scope } from "@/lib/access/scope";
import { systemActor } from "@/lib/access/system-actor";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { db } from "@/lib/db/client";

/*
 * A run is `setting` until it is known which password the server has, then `set`, then `promoted` once its password is the
 * current value, and `done`. It may become `failed` from `setting` and `set`. Each copy of automate can go on from any state.
 */

type Working = { scope: Scope<"connection:check">; rotation: PasswordRotation; run: PasswordRun };

/** How long a run waits before it asks again which password the server has, in seconds. */
const askAgainSeconds = 30;
const hourSeconds = 3_600;
/** How long one's own new password stays promotable, whatever people enter meanwhile. The promotion follows at once. */
const promotableHours = 1;

/** Sets the password of a run that this copy just began, and takes it to its end as far as it can. */
export async function workOnNewRun(
  deps: RotationDeps,
  scope: Working["scope"],
  rotation: PasswordRotation,
  started: StartedRun,
) {
  const { run } = started;
  const release = keepLease(run.id);
  try {
    const outcome = await setAtServer(deps, scope, started);
    await continueRun(deps, { scope, rotation, run }, outcome);
  } finally {
    release();
  }
}

/** Continues a run that another copy left, or that waits. */
export async function workOnRun(deps: RotationDeps, run: PasswordRun): Promise<void> {
  const release = keepLease(run.id);
  try {
    const scope = await authorizeBackground(run.fabricId);
    const rotation = await findRotation(run, run.secretId);
    // The fabric was deleted. The rotation exists while its run has not ended.
    if (!scope || !rotation) return await releaseRun(run.id, hourSeconds, null);
    if (run.state === "setting") {
      const asked = await whichPassword(deps, scope, rotation, run);
      return await continueRun(deps, { scope, rotation, run }, asked);
    }
    if (run.state === "set") return await makeCurrent(deps, { scope, rotation, run });
    return await checkAndEnd(deps, { scope, rotation, run });
  } finally {
    release();
  }
}

async function continueRun(
  deps: RotationDeps,
  working: Working,
  { serverHas, code }: SetOutcome,
): Promise<void> {
  const { scope, rotation, run } = working;
  if (serverHas === "former") return endRun(scope, run, rotation, { state: "failed", serverHas, code });
  if (serverHas === "unknown") return askLater(scope, working, code);
  await withHeldRun(run, (tx) =>
    tx.passwordRun.update({
      where: { id: run.id },
      data: { state: "set", serverHas, code: null, wasSetAt: new Date() },
      select: { id: true },
    }),
  );
  return makeCurrent(deps, { ...working, run: { ...run, state: "set" } });
}

/** The candidate's lifetime bounds how long automate asks. */
async function askLater(
  scope: Working["scope"],
  { rotation, run }: Working,
  code: CheckCode | null,
): Promise<void> {
  const candidate = await db.secretCandidate.findUnique({
    where: { secretId_number: { secretId: run.secretId, number: run.candidate } },
    select: { outcome: true, expiresAt: true },
  });
  const isOver = !candidate || candidate.outcome !== null || candidate.expiresAt < new Date();
  // Both passwords refused: somebody else changed it, and asking again costs further attempts.
  if (isOver || code === "rejected_credentials")
    return endRun(scope, run, rotation, { state: "failed", serverHas: "unknown", code });
  return releaseRun(run.id, askAgainSeconds, code);
}

/** The server has the new password: it becomes the current value. */
async function makeCurrent(deps: RotationDeps, working: Working): Promise<void> {
  const { scope, rotation, run } = working;
  const checked =
    rotation.method === "own" ? await acceptAll(working) : await checkUsingConnections(deps, working);
  if (checked === null) return releaseRun(run.id, askAgainSeconds, null);
  const { accepted, refusedBy, code } = checked;
  // The value in use still works, so nothing is broken.
  if (refusedBy.length > 0)
    return endRun(scope, run, rotation, {
      state: "failed",
      serverHas: "new",
      code,
      refusedBy,
    });
  const promoter = { fabricId: scope.fabricId, teamId: scope.teamId, actor: systemActor };
  const promoted = await promoteCandidate(promoter, {
    secretId: run.secretId,
    number: run.candidate,
    accepted,
  });
  // A connection began to use the secret meanwhile.
  if ("problem" in promoted && promoted.problem === "unaccepted") return releaseRun(run.id, 0, null);
  // It was discarded, or it expired. (`promoted`: another copy has done it, or this one before it was killed.)
  if ("problem" in promoted && promoted.problem !== "promoted")
    return endRun(scope, run, rotation, { state: "failed", serverHas: "new", code: "misconfigured" });
  const { promotedVersion } = await db.secretCandidate.findUniqueOrThrow({
    where: { secretId_number: { secretId: run.secretId, number: run.candidate } },
    select: { promotedVersion: true },
  });
  await withHeldRun(run, (tx) =>
    tx.passwordRun.update({
      where: { id: run.id },
      data: { state: "promoted", promotedAt: new Date(), version: promotedVersion },
      select: { id: true },
    }),
  );
  // One's own password is checked at once, below.
  if (rotation.method !== "own") deps.checkSoon?.();
  return checkAndEnd(deps, { ...working, run: { ...run, state: "promoted" } });
}

/**
 * Of one's own password: the former one no longer works. So there is no way back, also if a connection refuses the new one
 * or a person replaced the value meanwhile.
 */
async function acceptAll({ scope, run }: Working) {
  await keepCandidate(db, run, promotableHours);
  const connections = await findConnectionsToCheck(scope.fabricId, run.secretId);
  return { accepted: connections.map(({ id }) => id), refusedBy: [], code: null };
}

/**
 * Checks every connection that uses the secret with the new value. One whose last check, with the present value, failed
 * too is no worse with the new one.
 */
async function checkUsingConnections(deps: RotationDeps, { scope, run }: Working) {
  const candidate = await findCandidateSecret(scope, run.secretId, run.candidate);
  const all = await findConnectionsToCheck(scope.fabricId, run.secretId);
  const passed = await db.candidateCheck.findMany({
    where: { secretId: run.secretId, number: run.candidate, ok: true },
    select: { connectionId: true, configHash: true },
  });
  const hasPassed = ({ id, configHash }: (typeof all)[number]) =>
    passed.some((one) => one.connectionId === id && one.configHash === configHash);
  const ids = all.filter((connection) => !hasPassed(connection)).map(({ id }) => id);
  const failed = candidate
    ? await failing(deps, scope, { secretId: run.secretId, tried: candidate }, ids)
    : new Map<string, CheckCode>();
  if (failed === null) return null;
  const connections = all.filter(({ id }) => failed.has(id));
  const accepted: string[] = [];
  const refusedBy: string[] = [];
  // The reason of all, or that they refuse it.
  let code: CheckCode = "destination_not_allowed";
  for (const { id, name, configHash } of connections) {
    const { ok = false } =
      (await db.connectionCheck.findFirst({
        where: { fabricId: scope.fabricId, configHash },
        orderBy: { checkedAt: "desc" },
        select: { ok: true },
      })) ?? {};
    if (ok) {
      refusedBy.push(name);
      if (failed.get(id) !== code) code = "rejected_credentials";
    } else accepted.push(id);
  }
  return { accepted, refusedBy, code };
}

/** Results that say nothing about a value. The run waits for another result. */
const undecided: readonly CheckCode[] = [
  "busy",
  "cancelled",
  "automate_unavailable",
  "key_service_unavailable",
  "key_disabled",
  "key_denied",
  "key_missing",
];

/** The connections that fail with the value, by id, each with the reason; null when one was not checked. */
async function failing(
  { runPrepared, signal }: RotationDeps,
  scope: Working["scope"],
  subject: Parameters<typeof checkConnections>[1],
  ids?: readonly string[],
): Promise<Map<string, CheckCode> | null> {
  const failed = new Map<string, CheckCode>();
  let isDecided = true;
  const report: Parameters<typeof checkConnections>[3]["report"] = ({ connectionId, event }) => {
    if (event.type !== "result" || event.ok) return;
    failed.set(connectionId, event.code);
    isDecided &&= !undecided.includes(event.code);
  };
  await checkConnections(scope, subject, ids, { runPrepared, report, signal });
  return isDecided && !signal.aborted ? failed : null;
}

/** Ends the run. One's own password is current before connections tried it, so the run names those that refuse it. */
async function checkAndEnd(deps: RotationDeps, { scope, rotation, run }: Working): Promise<void> {
  const failed =
    rotation.method === "own"
      ? await failing(deps, scope, { secretId: run.secretId, tried: null })
      : new Map<string, CheckCode>();
  if (failed === null) return releaseRun(run.id, askAgainSeconds, null);
  const ids = [...failed.keys()];
  const refusing = ids.length > 0 ? await findConnectionsToCheck(scope.fabricId, run.secretId, ids) : [];
  return endRun(scope, run, rotation, {
    state: "done",
    serverHas: "new",
    code: null,
    refusedBy: refusing.map(({ name }) => name),
  });
}
