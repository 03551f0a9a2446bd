import { discardCandidate } from "@/automate/candidates/close-candidates";
import { type PasswordRun, withHeldRun } from "@/automate/password-rotations/password-run";
import { failingSince, type PasswordRotation } from "@/automate/password-rotations/rotation";
import { nextDue } from "@/automate/password-rotations/schedule";
import { keepCandidate } from "@/automate/password-rotations/store-candidate";
import type { Scope } from "@/lib/access/scope";
import { systemActor } from "@/lib/access/system-actor";
import { record } from "@/lib/audit/record";
import { candidateHours } from "@/lib/candidates/schema";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import type { ServerHas } from "@/lib/password-rotations/schema";

type End = {
  state: "done" | "failed";
  serverHas: ServerHas;
  code: CheckCode | null;
  refusedBy?: string[];
};

/**
 * Ends a run, sets when the schedule rotates next, and records it. After a failure, the new value is deleted, except of
 * one's own password that the server has or may have: it stays for a day, so that an Admin can try and promote it.
 */
export async function endRun(
  scope: Scope<"connection:check">,
  run: PasswordRun,
  rotation: PasswordRotation,
  { state, serverHas, code, refusedBy = [] }: End,
): Promise<void> {
  const { fabricId, teamId } = scope;
  const isFailed = state === "failed";
  const isNeeded = rotation.method === "own" && serverHas !== "former";
  const actor = systemActor;
  await withHeldRun(run, async (tx) => {
    await tx.passwordRun.update({
      where: { id: run.id },
      data: { state, serverHas, code, refusedBy, endedAt: new Date(), holder: "" },
      select: { id: true },
    });
    const failures = isFailed ? rotation.failures + 1 : 0;
    const failing = isFailed ? failingSince(rotation) : { failingSince: null };
    await tx.passwordRotation.updateMany({
      where: { secretId: run.secretId },
      data: { failures, ...failing, problem: null, dueAt: nextDue(rotation, failures, new Date()) },
    });
    if (isFailed && isNeeded) await keepCandidate(tx, run, candidateHours);
    const secret = await tx.secret.findUniqueOrThrow({
      where: { id: run.secretId },
      select: { id: true, name: true },
    });
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: isFailed ? "secret.rotation.fail" : "secret.rotation.end",
      object: { kind: "secret", ...secret },
      details: {
        candidate: run.candidate,
        serverHas,
        ...(code ? { code } : {}),
        ...(refusedBy.length > 0 ? { refusedBy } : {}),
      },
    });
  });
  if (isFailed && !isNeeded)
    await discardCandidate({ fabricId, teamId, actor }, { secretId: run.secretId, number: run.candidate });
}
