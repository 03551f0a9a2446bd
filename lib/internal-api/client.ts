import "server-only";
import { createHash, randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import type { Actor } from "@/lib/actor";
import { webEnv } from "@/lib/env";
import {
  type AutomateAnswer,
  type AutomateBody,
  type AutomatePurpose,
  automateError,
  automateRequests,
} from "@/lib/internal-api/contract";
import { log } from "@/lib/log";
import { fail, Misconfigured, OutcomeUnknown, ok, type Result } from "@/lib/result";

/** For whom, and where, a request to automate is made. */
export type Requester = { actor: Actor; fabricId: string };

/**
 * Asks automate for one thing. `automate_unavailable` when it could not be asked, and has done nothing; `refused` when it says
 * no. Throws `OutcomeUnknown` when it was asked and its answer was lost.
 */
export async function askAutomate<P extends AutomatePurpose>(
  requester: Requester,
  purpose: P,
  body: AutomateBody<P>,
): Promise<Result<AutomateAnswer<P>, "automate_unavailable" | "refused" | "reauthenticate">> {
  const response = await sendToAutomate(requester, purpose, body, AbortSignal.timeout(10_000)).catch(unsent);
  if (!response) return fail("automate_unavailable");
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.status >= 500) {
    if (isUnknown(answer)) throw new OutcomeUnknown("Automate's answer was lost.");
    return fail("automate_unavailable");
  }
  if (!response.ok) {
    const refusal = automateError.safeParse(answer);
    return fail(refusal.success && refusal.data.error.code === "not_fresh" ? "reauthenticate" : "refused");
  }
  // The union of all answers, narrowed by the purpose that was asked.
  return ok(automateRequests[purpose].answer.parse(answer) as AutomateAnswer<P>);
}

/** `askAutomate` for what follows a commit, which must not fail any more: null when it was not done, or nobody knows. */
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

/** Of a request that never got as far as automate; what was sent and not answered may have been done. */
function unsent(error: unknown): undefined {
  if (error instanceof Misconfigured) throw error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (unreachable.includes(code)) return undefined;
  throw new OutcomeUnknown("Automate was asked and did not answer.", { cause: error });
}

const unreachable: readonly string[] = [
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"],
];

/** Unless automate itself says that nothing was saved, nobody knows. */
function isUnknown(answer: unknown): boolean {
  const refusal = automateError.safeParse(answer);
  return !refusal.success || !unsavedCodes.includes(refusal.data.error.code);
}

const unsavedCodes: readonly string[] = ["database_unavailable", "stopping", "unexpected"];

/** Sends one signed request and returns the raw response; rejects when automate cannot be reached. */
export async function sendToAutomate<P extends AutomatePurpose>(
  { actor, fabricId }: Requester,
  purpose: P,
  body: AutomateBody<P>,
  signal: AbortSignal,
): Promise<Response> {
  const { AUTOMATE_URL, WEB_SIGNING_KEY } = webEnv();
  const url = new URL(automateRequests[purpose].path, AUTOMATE_URL);
  const text = JSON.stringify(body);
  const token = await new SignJWT({
    actor: actor.id,
    // What a request under way makes must not outlast the access of its person.
    access_epoch: actor.kind === "user" ? actor.accessEpoch : 0,
    ...(actor.kind === "user" && actor.accessToken !== undefined
      ? { access_token: actor.accessToken.name, access_token_id: actor.accessToken.id }
      : {}),
    auth_time: actor.kind === "user" ? Math.floor(actor.authenticatedAt.getTime() / 1000) : 0,
    fabric: fabricId,
    purpose,
    htm: "POST",
    htu: url.href,
    body: createHash("sha256").update(text).digest("base64url"),
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "selvage-request" })
    .setIssuer("web")
    .setAudience("automate")
    .setIssuedAt()
    .setExpirationTime("60s")
    .setJti(randomUUID())
    .sign(await importJWK(WEB_SIGNING_KEY, "EdDSA"));
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Selvage ${token}` },
    body: text,
    signal,
    redirect: "error",
  });
  if (response.status === 401) await refuseWrongClock(response.clone());
  return response;
}

/** Throws when automate took the request for one of another time: everything that is asked of it would be refused. */
async function refuseWrongClock(response: Response): Promise<void> {
  const refusal = automateError.safeParse(await response.json().catch(() => undefined));
  if (!refusal.success || refusal.data.error.code !== "wrong_time") return;
  const there = Date.parse(response.headers.get("date") ?? "");
  const seconds = Math.round((there - Date.now()) / 1000);
  const distance =
    Math.abs(seconds) < 120
      ? `${Math.abs(seconds)} seconds`
      : `${Math.round(Math.abs(seconds) / 60)} minutes`;
  const order = seconds < 0 ? "behind" : "ahead of";
  const sentence = `The clocks of web and Automate differ, so that Automate takes no request of web: Automate's is ${distance} ${order} web's. Synchronise both (NTP).`;
  log("error", sentence);
  throw new Misconfigured(sentence);
}
