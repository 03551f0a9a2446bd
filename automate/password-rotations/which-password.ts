import { checkConnections } from "@/automate/candidates/check-connections";
import { refusals } from "@/automate/checks/attempt-limit";
import type { PasswordRun } from "@/automate/password-rotations/password-run";
import type { PasswordRotation } from "@/automate/password-rotations/rotation";
import type { RotationDeps, SetOutcome } from "@/automate/password-rotations/set-outcome";
import { findCandidateSecret, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import type { CheckCode } from "@/lib/connectors/check-protocol";

/**
 * Finds out which password the server has after a run broke off: signs in with the new one and, if that is refused and
 * the user changes its own, with the current one. The attempt limit bounds both.
 */
export async function whichPassword(
  deps: RotationDeps,
  scope: Scope<"connection:check">,
  { connectionId, method }: PasswordRotation,
  { secretId, candidate: number }: PasswordRun,
): Promise<SetOutcome> {
  const candidate = await findCandidateSecret(scope, secretId, number);
  if (!candidate) return { serverHas: "unknown", code: "secret_missing" };
  const next = await signsIn(deps, scope, { secretId, tried: candidate, connectionId });
  if (next === null) return { serverHas: "new", code: null };
  if (!refusals.has(next)) return { serverHas: "unknown", code: next };
  // Of a pair, the current value is the other user's. Of key pairs, the current key keeps working.
  if (method !== "own") return { serverHas: "former", code: "connection_closed" };
  const current = await signsIn(deps, scope, { secretId, tried: null, connectionId });
  return current === null
    ? { serverHas: "former", code: "connection_closed" }
    : { serverHas: "unknown", code: current };
}

type Try = { secretId: string; tried: SecretWithAuthors | null; connectionId: string };

/** Null when the connection signs in with the value; otherwise the code of the failure. */
async function signsIn(
  { runPrepared, signal }: RotationDeps,
  scope: Scope<"connection:check">,
  { secretId, tried, connectionId }: Try,
): Promise<CheckCode | null> {
  let code: CheckCode | null = "busy";
  await checkConnections(scope, { secretId, tried }, [connectionId], {
    runPrepared,
    signal,
    report: ({ event }) => {
      if (event.type === "result") code = event.ok ? null : event.code;
    },
  });
  return code;
}
