import { setTimeout as sleep } from "node:timers/promises";
import { claimRun, RunTakenOver } from "@/automate/password-rotations/password-run";
import { failingSince, findRotation, type PasswordRotation } from "@/automate/password-rotations/rotation";
import { isInWindow, nextDue } from "@/automate/password-rotations/schedule";
import type { RotationDeps } from "@/automate/password-rotations/set-outcome";
import { startPasswordRun } from "@/automate/password-rotations/start-run";
import { workOnNewRun, workOnRun } from "@/automate/password-rotations/work";
import { authorizeBackground } from "@/lib/access/background";
import type { Scope } from "@/lib/access/scope";
import { systemActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import type { RotationProblem } from "@/lib/password-rotations/schema";

type Settings = Omit<RotationDeps, "signal"> & {
  /** Receives only the error's name: its message may contain a secret. */
  onError: (name: string) => void;
  /** How often it looks for work, in milliseconds. */
  pollMs?: number;
};

/**
 * Rotates passwords in the background: runs that another copy of automate left, and those that the schedule starts.
 * Copies share the work, by a lease on each run. Errors never stop it.
 */
export function startPasswordRotations({ onError, pollMs = 2_000, ...settings }: Settings) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const deps: RotationDeps = { ...settings, signal };

  async function work(): Promise<void> {
    while (!signal.aborted) {
      const isBusy = await workOnce(deps).catch((error: unknown) => {
        if (!(error instanceof RunTakenOver)) onError(error instanceof Error ? error.name : "Error");
        return false;
      });
      if (!isBusy) await sleep(pollMs, undefined, { signal }).catch(() => {});
    }
  }

  const working = work();
  return {
    /** Aborts the running checks. Any copy finds out later which password the server has. */
    async stop() {
      stopping.abort();
      await working;
    },
  };
}

/** Works on one run. Returns false when there is none. */
export async function workOnce(deps: RotationDeps): Promise<boolean> {
  const run = await claimRun();
  if (run) {
    await workOnRun(deps, run);
    return true;
  }
  return startDueRun(deps);
}

/** Starts the run that has been due longest. Returns false when none is due. */
async function startDueRun(deps: RotationDeps): Promise<boolean> {
  const due = await db.passwordRotation.findMany({
    where: { dueAt: { lte: new Date() }, secret: { deletedAt: null } },
    orderBy: { dueAt: "asc" },
    take: 100,
    select: { secretId: true, fabricId: true },
  });
  for (const { secretId, fabricId } of due) {
    const rotation = await findRotation({ fabricId }, secretId);
    if (rotation && isInWindow(rotation, new Date()) && (await claimDue(rotation))) {
      await startScheduled(deps, rotation);
      return true;
    }
  }
  return false;
}

/** Postpones a due rotation. True for the first copy that does: it starts the run, and no other copy does. */
async function claimDue(rotation: PasswordRotation): Promise<boolean> {
  const { count } = await db.passwordRotation.updateMany({
    where: { secretId: rotation.secretId, dueAt: { lte: new Date() } },
    data: { dueAt: nextDue(rotation, rotation.failures + 1, new Date()) },
  });
  return count === 1;
}

async function startScheduled(deps: RotationDeps, rotation: PasswordRotation): Promise<void> {
  const scope = await authorizeBackground(rotation.fabricId);
  if (!scope) return;
  const started = await startPasswordRun(deps.keys, scope, rotation, systemActor);
  if (started.ok) return workOnNewRun(deps, scope, rotation, started.value);
  // A person started it, or it has not ended for a long time.
  if (started.code === "running") return;
  await notStarted(scope, rotation, started.code);
}

/** A scheduled run that could not begin is a failure, and is recorded as one. */
async function notStarted(
  { fabricId, teamId }: Scope<"connection:check">,
  rotation: PasswordRotation,
  code: RotationProblem,
): Promise<void> {
  const { secretId } = rotation;
  await db.$transaction(async (tx) => {
    await tx.passwordRotation.updateMany({
      where: { secretId },
      data: { failures: { increment: 1 }, ...failingSince(rotation), problem: code },
    });
    const secret = await tx.secret.findUnique({ where: { id: secretId }, select: { name: true } });
    await record(tx, {
      actor: systemActor,
      teamId,
      fabricId,
      action: "secret.rotation.fail",
      object: { kind: "secret", id: secretId, name: secret?.name ?? "" },
      details: { code, serverHas: "former" },
    });
  });
}
