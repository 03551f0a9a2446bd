import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db, type Tx } from "@/lib/db/client";
import { reserve } from "@/lib/idempotency/mutations";
import type { IdempotentRequest } from "@/lib/idempotency/request";
import type { PromoteProblem, UndoProblem } from "@/lib/internal-api/bodies/candidate";
import { askAutomate, type Unserved } from "@/lib/internal-api/client";
import { fail, NotFound, ok, type Result } from "@/lib/result";
import type { ReplaceSecretInput } from "@/lib/secrets/schema";
import { sealingToNewestKey } from "@/lib/secrets/sealing";
import { lastVersion, storeReplacement } from "@/lib/secrets/update";
import { fileTooLarge, lockSecret, type Writer } from "@/lib/secrets/write";
import { isOpenCandidate, nextCandidateNumber } from "@/lib/uses/open-candidate";

// Web stores a candidate, because it seals. Automate checks, promotes and discards it, and records that in rows that
// web cannot write: an attacker who owns web cannot hide it.

/**
 * Stores a new value of a secret as a candidate, which is not current. Fields that are absent stay those of the
 * current version. Of two people at once, one gets `waiting` with the other's name, or `conflict` when the other
 * replaced the value.
 */
export async function createCandidate(
  scope: Writer,
  input: ReplaceSecretInput,
  idempotent?: IdempotentRequest,
): Promise<Result<{ candidate: number }, "conflict" | "too_large" | "waiting">> {
  const failure = fileTooLarge(input);
  if (failure) return failure;
  const { secretId, expectedVersion, destinationIds } = input;
  return sealingToNewestKey(() =>
    db.$transaction(async (tx) => {
      const secret = await lockSecret(tx, scope, secretId);
      const current = await lastVersion(tx, secretId);
      if (current.version !== expectedVersion) return conflict(tx, secretId, current.version);
      const open = await findOpen(tx, secretId);
      if (open) return waiting(open.byName);
      const candidate = await nextCandidateNumber(tx, secretId);
      // Stored before the version, so that the purge never meets a candidate's version without an open candidate.
      const of = { secretId, number: candidate, fabricId: scope.fabricId, baseVersion: current.version };
      const valueExpiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
      await tx.secretCandidate.createMany({ data: [{ ...of, valueExpiresAt }] });
      const as = () => ({ version: -candidate, action: "secret.candidate.create" as const });
      await storeReplacement(tx, scope, { secret, current, input, keeps: destinationIds, as });
      await reserve(tx, idempotent, String(candidate));
      return ok({ candidate });
    }),
  );
}

function waiting(byName: string) {
  const sentence = `${byName} has entered a new value that is not current yet, so yours was not saved. Promote or discard that one first.`;
  return fail("waiting", { waiting: sentence });
}

async function conflict(tx: Tx, secretId: string, version: number) {
  const [row] = await tx.$queryRaw<{ byName: string }[]>`
    SELECT coalesce(s."madeCurrentByName", v."createdByName") AS "byName"
    FROM secret_version v LEFT JOIN settled_version s USING ("secretId", version)
    WHERE v."secretId" = ${secretId} AND v.version = ${version}`;
  const sentence = `${row?.byName ?? "Someone"} replaced this value after you opened it, so yours was not saved. Reload the page to see version ${version}, then replace it again if necessary.`;
  return fail("conflict", { conflict: sentence });
}

/** The candidate of a secret that waits for its promotion, and who entered it. The caller has locked the secret. */
async function findOpen(tx: Tx, secretId: string) {
  const [open] = await tx.$queryRaw<{ byName: string }[]>`
    SELECT v."createdByName" AS "byName" FROM secret_candidate c
    JOIN secret_version v ON v."secretId" = c."secretId" AND v.version = -c.number
    WHERE c."secretId" = ${secretId} AND ${isOpenCandidate} LIMIT 1`;
  return open;
}

/** Asks automate to make a candidate current. `value` says why it did not. */
export async function promoteCandidate(
  scope: Writer,
  input: { secretId: string; candidate: number; accepted: string[] },
): Promise<Result<{ version: number } | PromoteProblem, Unserved>> {
  return found(await askAutomate(scope, "candidate:promote", input));
}

/**
 * Asks automate to delete a candidate. `closed`: somebody promoted or discarded it before. `rotating`: Selvage sets it at
 * a server at this moment.
 */
export async function discardCandidate(
  scope: Writer,
  input: { secretId: string; candidate: number },
): Promise<Result<null, Unserved | "closed" | "rotating">> {
  const answer = found(await askAutomate(scope, "candidate:discard", input));
  if (!answer.ok) return answer;
  const { isDiscarded, isRotating } = answer.value;
  return isDiscarded ? ok(null) : fail(isRotating ? "rotating" : "closed");
}

/** Asks automate to bring back the value before `expectedVersion`. `value` says why it did not. */
export async function undoReplacement(
  scope: Writer,
  input: { secretId: string; expectedVersion: number },
): Promise<Result<{ version: number } | UndoProblem, Unserved>> {
  return found(await askAutomate(scope, "secret:undo", input));
}

/** Asks the Admins to allow the destinations of one connection for a candidate. `waiting: 0` when none is left to allow. */
export async function askForCandidate(
  scope: Scope<"connection:check">,
  input: { secretId: string; candidate: number; connectionId: string; reason: string },
): Promise<Result<{ waiting: number }, Unserved>> {
  return found(await askAutomate(scope, "candidate:ask", input));
}

/** Asks automate to allow the destinations of one connection for a candidate. */
export async function allowForCandidate(
  scope: Scope<"destination:write">,
  input: { secretId: string; candidate: number; connectionId: string; destinations: string[] },
): Promise<Result<null, Unserved>> {
  const allowed = found(await askAutomate(scope, "candidate:allow", input));
  if (!allowed.ok) return allowed;
  return allowed.value.isAllowed ? ok(null) : fail("refused");
}

/** Automate refuses these requests only for what it does not find. */
function found<T>(answer: Result<T, Unserved>): Result<T, Unserved> {
  if (!answer.ok && answer.code === "refused") throw new NotFound("New value not found.");
  return answer;
}
