import "server-only";
import { createHash, randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import type { Actor } from "@/lib/access/scope";
import {
  type AutomateAnswer,
  type AutomateBody,
  type AutomatePurpose,
  automateError,
  automateRequests,
} from "@/lib/automate/schema";
import { webEnv } from "@/lib/env";
import { fail, ok, type Result } from "@/lib/result";

/** For whom, and where, a request to automate is made. */
export type Requester = { actor: Actor; fabricId: string };

/** Asks automate for one thing. `automate_unavailable` when it does not answer; `refused` when it says no. */
export async function askAutomate<P extends AutomatePurpose>(
  requester: Requester,
  purpose: P,
  body: AutomateBody<P>,
): Promise<Result<AutomateAnswer<P>, "automate_unavailable" | "refused" | "reauthenticate">> {
  const response = await sendToAutomate(requester, purpose, body, AbortSignal.timeout(10_000)).catch(
    () => undefined,
  );
  if (!response || response.status >= 500) return fail("automate_unavailable");
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const refusal = automateError.safeParse(answer);
    return fail(refusal.success && refusal.data.error.code === "not_fresh" ? "reauthenticate" : "refused");
  }
  // The union of all answers, narrowed by the purpose that was asked.
  return ok(automateRequests[purpose].answer.parse(answer) as AutomateAnswer<P>);
}

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
    ...(actor.kind === "user" && actor.accessToken !== undefined ? { access_token: actor.accessToken } : {}),
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
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Selvage ${token}` },
    body: text,
    signal,
    redirect: "error",
  });
}
