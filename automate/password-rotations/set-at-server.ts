import { md5Hash, nativeHash, publicKeyOf, scramVerifier } from "@/automate/password-rotations/new-password";
import type { RotationDeps, SetOutcome } from "@/automate/password-rotations/set-outcome";
import type { StartedRun } from "@/automate/password-rotations/start-run";
import type { Scope } from "@/lib/access/scope";
import type { CheckCode, CheckResult } from "@/lib/connectors/check-protocol";
import { userFieldOf } from "@/lib/connectors/validate";
import type { CheckJob, PasswordChange } from "@/worker/protocol";

/** Sets the new password at the server, in a worker that reaches only the connection's destinations. */
export async function setAtServer(
  { changePassword, signal }: RotationDeps,
  scope: Scope<"connection:check">,
  { run: { user }, subject, signIn, password }: StartedRun,
): Promise<SetOutcome> {
  const userField = userFieldOf(signIn.connector, subject.field) ?? "";
  const result = await changePassword({
    scope,
    connection: subject.connection.name,
    prepared: signIn,
    signal,
    changeOf: (job) => {
      const isOwn = subject.rotation.method !== "pair";
      return formsOf(job.kind, { user: user || ownUser(job, userField), isOwn }, password);
    },
  });
  return { serverHas: serverHasAfter(result), code: result.ok ? null : result.code };
}

/** Who signs in: the user of the secret, or of the connection. */
function ownUser({ properties, secrets }: CheckJob, field: string): string {
  return String(secrets[field] ?? properties[field] ?? "");
}

/** A new value in the forms that servers of the kind take. Where they take a verifier, the worker gets no password. */
function formsOf(kind: string, who: { user: string; isOwn: boolean }, password: string): PasswordChange {
  switch (kind) {
    case "postgres":
      return { ...who, verifier: scramVerifier(password) };
    case "redshift":
      return { ...who, verifier: md5Hash(password, who.user) };
    case "snowflake":
      return { ...who, verifier: publicKeyOf(password) };
    case "mysql":
      return { ...who, verifier: nativeHash(password), password };
    default:
      return { ...who, password };
  }
}

/** Refusals of the statement, or of the database in which it would run: the server has changed nothing. */
const refusedStatement: readonly CheckCode[] = [
  "not_permitted",
  "password_not_accepted",
  "misconfigured",
  "database_not_found",
];
/** At the sign-in, these leave open whether the server has carried out the statement. */
const leavesOpen: readonly CheckCode[] = [
  "connection_closed",
  "connection_refused",
  "unreachable",
  "timed_out",
  "unexpected",
  "cancelled",
  "wrong_protocol",
  "server_not_ready",
];

/** The password that the server has after an attempt to set it. When in doubt, it is unknown. */
export function serverHasAfter(result: CheckResult): SetOutcome["serverHas"] {
  if (result.ok) return "new";
  if (result.step === "permission") return refusedStatement.includes(result.code) ? "former" : "unknown";
  return result.step === "sign_in" && leavesOpen.includes(result.code) ? "unknown" : "former";
}
