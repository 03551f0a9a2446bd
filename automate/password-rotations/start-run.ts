import { authorizeDestinations } from "@/automate/checks/authorize-destinations";
import { type PreparedCheck, prepareCheck } from "@/automate/checks/prepare-check";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { newPassword, newPrivateKey } from "@/automate/password-rotations/new-password";
import { ownLease, type PasswordRun } from "@/automate/password-rotations/password-run";
import {
  findSubject,
  isExposed,
  type PasswordRotation,
  type Subject,
  signInProperties,
} from "@/automate/password-rotations/rotation";
import { storePasswordCandidate } from "@/automate/password-rotations/store-candidate";
import { openSecrets } from "@/automate/secrets/open-secret";
import { sealMade } from "@/automate/secrets/seal-made";
import type { Scope } from "@/lib/access/scope";
import { type AuditEntry, record } from "@/lib/audit/record";
import { db, isUniqueViolation } from "@/lib/db/client";
import { findOverlap } from "@/lib/password-rotations/overlap";
import type { RotationProblem } from "@/lib/password-rotations/schema";
import { fail, ok, type Result } from "@/lib/result";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

type Runner = Scope<"connection:check">;

/** A stored run whose password no server has yet. `password` is the new password or private key in clear. */
export type StartedRun = { run: PasswordRun; subject: Subject; signIn: PreparedCheck; password: string };

/**
 * Begins a run: checks everything that can be checked without the server, makes the password, and stores it sealed as a
 * candidate of the secret. Only then may it be set: whatever happens afterwards, the value that the server may have is
 * stored. The run belongs to this copy of automate.
 */
export async function startPasswordRun(
  keys: FabricKeys,
  scope: Runner,
  rotation: PasswordRotation,
  starter: AuditEntry["actor"],
): Promise<Result<StartedRun, RotationProblem>> {
  const found = await findSubject(scope, rotation);
  if (!found.ok) return found;
  const subject = found.value;
  if (isExposed(subject)) return fail("unencrypted");
  // Pipelines may still use the former value.
  if (await findOverlap(rotation)) return fail("too_early");
  const signIn = await prepareSignIn(scope, subject);
  if (!signIn.ok) return signIn;
  const user = await nextUser(keys, scope, subject);
  if (!user.ok) return user;
  const password = rotation.method === "key_pair" ? await newPrivateKey() : newPassword(rotation);
  const { secret } = subject;
  const fields = {
    ...(rotation.method === "pair" ? { username: user.value } : {}),
    [passwordField(secret.subKind)]: password,
  };
  try {
    const run = await db.$transaction(async (tx) => {
      // Its candidate waits too, but nobody may promote or discard that.
      if ((await tx.passwordRun.count({ where: { secretId: secret.id, endedAt: null } })) > 0)
        return "running";
      const stored = await storePasswordCandidate(tx, scope, secret, rotation.destinations, (version) =>
        sealMade(
          keys,
          { fabricId: scope.fabricId, secretId: secret.id, subKind: secret.subKind, version },
          fields,
        ),
      );
      if (stored === null) return "candidate_waiting";
      const created = await tx.passwordRun.create({
        data: {
          secretId: secret.id,
          fabricId: scope.fabricId,
          candidate: stored,
          user: user.value,
          startedById: starter.id,
          startedByName: starter.name,
          ...ownLease(),
        },
      });
      await tx.passwordRotation.updateMany({ where: { secretId: secret.id }, data: { problem: null } });
      await record(tx, {
        actor: starter,
        teamId: scope.teamId,
        fabricId: scope.fabricId,
        action: "secret.rotation.start",
        object: { kind: "secret", id: secret.id, name: secret.name },
        details: { candidate: stored, connection: subject.connection.name },
      });
      return created;
    });
    if (typeof run === "string") return fail(run);
    return ok({ run: { ...run, state: "setting" }, subject, signIn: signIn.value, password });
  } catch (error) {
    if (isUniqueViolation(error)) return fail("running");
    throw error;
  }
}

/** The field of a secret that holds its password. */
export function passwordField(subKind: SubKind): "password" | "value" {
  return secretKinds[subKind].givesUser ? "password" : "value";
}

/** Prepares the sign-in with which the password is set. It sends its secrets only where they are allowed. */
export async function prepareSignIn(
  scope: Runner,
  subject: Subject,
): Promise<Result<PreparedCheck, RotationProblem>> {
  const prepared = await prepareCheck(scope, subject.connection.kind, signInProperties(subject));
  if (!prepared.ok) return fail(prepared.code);
  const decision = await authorizeDestinations(scope, prepared.value, { isConfirmed: false, reach: null });
  return decision.state === "allowed" ? prepared : fail("destination_not_allowed");
}

/**
 * Of a pair: the user that is not in the secret now, so that the one in use keeps its password. Of key pairs: their
 * user. "" for a user that changes its own password.
 */
async function nextUser(
  keys: FabricKeys,
  scope: Runner,
  { rotation: { method, users }, secret, connection, field }: Subject,
): Promise<Result<string, RotationProblem>> {
  if (method === "own") return ok("");
  if (method === "key_pair") return ok(String(connection.properties.username ?? ""));
  const prepared = await prepareCheck(scope, connection.kind, connection.properties);
  if (!prepared.ok) return fail(prepared.code);
  const opening = prepared.value.openings.find((one) => one.field === field)?.opening;
  if (!opening) return fail("misconfigured");
  const decision = await authorizeDestinations(scope, prepared.value, { isConfirmed: false, reach: null });
  if (decision.state !== "allowed") return fail("destination_not_allowed");
  const [opened] = await openSecrets(keys, {
    for: "check",
    scope,
    connection: connection.name,
    isRotation: true,
    openings: [{ ...opening, secret, fields: ["username"] }],
  });
  const current = opened?.username?.revealText();
  if (current === undefined || !users.includes(current)) return fail("user_not_in_pair");
  return ok(users.find((user) => user !== current) ?? "");
}
