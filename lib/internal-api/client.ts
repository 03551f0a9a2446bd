import "server-only";
import type { Actor } from "@/lib/actor";
import { webEnv } from "@/lib/env";
import {
  type AutomateAnswer,
  type AutomateBody,
  type AutomatePurpose,
  automateError,
  automateRequests,
  keyFaultCodes,
} from "@/lib/internal-api/contract";
import { signedRequest } from "@/lib/internal-api/signed-request";
import { log } from "@/lib/log";
import { fail, Misconfigured, OutcomeUnknown, ok, QuotaExceeded, type Result } from "@/lib/result";

/** The actor and the fabric of a request to automate. */
export type Requester = { actor: Actor; fabricId: string };

/** Why automate did not do it. */
export type Unserved = "automate_unavailable" | "key_service_unavailable" | "refused" | "reauthenticate";

/**
 * Sends one request to automate. Returns `automate_unavailable` or `key_service_unavailable` when nothing was done,
 * and `refused` when automate refused.
 * Throws `QuotaExceeded` when a quota of automate does not allow it, and `OutcomeUnknown` when automate may have acted but its answer was lost.
 */
export async function askAutomate<P extends AutomatePurpose>(
  requester: Requester,
  purpose: P,
  body: AutomateBody<P>,
): Promise<Result<AutomateAnswer<P>, Unserved>> {
  const response = await sendToAutomate(requester, purpose, body, AbortSignal.timeout(10_000)).catch(unsent);
  if (!response) return fail("automate_unavailable");
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.status >= 500) {
    if (isUnknown(answer)) throw new OutcomeUnknown("Automate's answer was lost.");
    return fail(isKeyFault(answer) ? "key_service_unavailable" : "automate_unavailable");
  }
  if (!response.ok) {
    const refusal = automateError.safeParse(answer);
    if (refusal.data?.error.code === "quota_exceeded") throw new QuotaExceeded(refusal.data.error.message);
    return fail(refusal.success && refusal.data.error.code === "not_fresh" ? "reauthenticate" : "refused");
  }
  // `parse` returns the union of all answers; this request's purpose determines which one it is.
  return ok(automateRequests[purpose].answer.parse(answer) as AutomateAnswer<P>);
}

/**
 * `askAutomate` for use after a commit, when a failure must not fail the act. Returns null when automate did
 * not act, or when the outcome is unknown.
 */
export async function askAfterCommit<P extends AutomatePurpose>(
  requester: Requester,
  purpose: P,
  body: AutomateBody<P>,
): Promise<AutomateAnswer<P> | null> {
  const answer = await askAutomate(requester, purpose, body).catch((error: unknown) => {
    if (error instanceof OutcomeUnknown || error instanceof Misconfigured) return null;
    throw error;
  });
  return answer?.ok ? answer.value : null;
}

/**
 * Returns undefined if the request never reached automate. Otherwise automate may have acted, so this throws
 * `OutcomeUnknown`.
 */
function unsent(error: unknown): undefined {
  if (error instanceof Misconfigured) throw error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (unreachable.includes(code)) return undefined;
  throw new OutcomeUnknown("Automate received the request and did not answer.", { cause: error });
}

const unreachable: readonly string[] = [
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"],
];

/** True unless automate itself reports that it saved nothing. */
function isUnknown(answer: unknown): boolean {
  const refusal = automateError.safeParse(answer);
  return !refusal.success || !unsavedCodes.includes(refusal.data.error.code);
}

const keyFaults: readonly string[] = Object.values(keyFaultCodes);
const unsavedCodes: readonly string[] = ["database_unavailable", "stopping", "unexpected", ...keyFaults];

/** True when automate could not use the master key. */
function isKeyFault(answer: unknown): boolean {
  return keyFaults.includes(automateError.safeParse(answer).data?.error.code ?? "");
}

/** Sends one signed request and returns the raw response. Rejects when automate is unreachable. */
export async function sendToAutomate<P extends AutomatePurpose>(
  { actor, fabricId }: Requester,
  purpose: P,
  body: AutomateBody<P>,
  signal: AbortSignal,
): Promise<Response> {
  const { AUTOMATE_URL, WEB_SIGNING_KEY } = webEnv();
  const url = new URL(automateRequests[purpose].path, AUTOMATE_URL);
  const claims = {
    actor: actor.id,
    // Automate compares this epoch, so that a request in flight creates nothing after its person's access
    // ended.
    access_epoch: actor.kind === "user" ? actor.accessEpoch : 0,
    ...(actor.kind === "user" && actor.accessToken !== undefined
      ? { access_token: actor.accessToken.name, access_token_id: actor.accessToken.id }
      : {}),
    auth_time: actor.kind === "user" ? Math.floor(actor.authenticatedAt.getTime() / 1000) : 0,
    fabric: fabricId,
  };
  const web = { name: "web", key: WEB_SIGNING_KEY, claims } as const;
  const response = await fetch(await signedRequest(web, { purpose, url, body }), { signal });
  if (response.status === 401) await refuseWrongClock(response.clone());
  return response;
}

/**
 * Throws when automate rejected the request because the clocks differ: it would reject every further request.
 */
async function refuseWrongClock(response: Response): Promise<void> {
  const refusal = automateError.safeParse(await response.json().catch(() => undefined));
  if (!refusal.success || refusal.data.error.code !== "wrong_time") return;
  const automateTime = Date.parse(response.headers.get("date") ?? "");
  const seconds = Math.round((automateTime - Date.now()) / 1000);
  const distance =
    Math.abs(seconds) < 120
      ? `${Math.abs(seconds)} seconds`
      : `${Math.round(Math.abs(seconds) / 60)} minutes`;
  const order = seconds < 0 ? "behind" : "ahead of";
  const message = `The clocks of web and Automate differ, so Automate rejects web's requests. Automate's clock is ${distance} ${order} web's. Synchronize both with NTP.`;
  log("error", message);
  throw new Misconfigured(message);
}
