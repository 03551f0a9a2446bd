import { createHash, randomUUID } from "node:crypto";
import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { importJWK, SignJWT } from "jose";
import { type AutomateBody, type AutomatePurpose, automateRequests } from "@/lib/internal-api/contract";
import { stack } from "@/testing/stack-address";

/** Sends one request to automate, signed as web signs. */
export async function sendSigned<P extends AutomatePurpose>(
  ...request: Parameters<typeof signedRequest<P>>
): Promise<Response> {
  return fetch(await signedRequest(...request));
}

/** Sends one request, signed as web signs it, to an internal app that listens as http://automate.test. */
export async function injectAsWeb<P extends AutomatePurpose>(
  internal: FastifyInstance,
  signingKey: string,
  ...request: [by: Signer, purpose: P, body: AutomateBody<P>]
): Promise<LightMyRequestResponse> {
  const signed = await signRequest({ automateUrl: "http://automate.test", signingKey }, ...request);
  return internal.inject({
    method: "POST",
    url: new URL(signed.url).pathname,
    headers: Object.fromEntries(signed.headers),
    payload: await signed.text(),
  });
}

/** A signed request, not sent yet. `claims` overrides the correct claims. */
export async function signedRequest<P extends AutomatePurpose>(
  by: Signer,
  purpose: P,
  body: AutomateBody<P>,
  claims: Record<string, string | number> = {},
): Promise<Request> {
  const { automateInternalUrl: automateUrl, webEnv } = stack();
  return signRequest({ automateUrl, signingKey: webEnv.WEB_SIGNING_KEY ?? "" }, by, purpose, body, claims);
}

export type Signer = { userId: string; fabricId: string };

/** The same for an automate outside the stack. `signingKey` is web's private JWK, as JSON text. */
export async function signRequest<P extends AutomatePurpose>(
  { automateUrl, signingKey }: { automateUrl: string; signingKey: string },
  by: Signer,
  purpose: P,
  body: AutomateBody<P>,
  claims: Record<string, string | number> = {},
): Promise<Request> {
  const url = new URL(automateRequests[purpose].path, automateUrl);
  const text = JSON.stringify(body);
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({
    actor: by.userId,
    access_epoch: 0,
    auth_time: now,
    fabric: by.fabricId,
    purpose,
    htm: "POST",
    htu: url.href,
    body: createHash("sha256").update(text).digest("base64url"),
    ...claims,
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "selvage-request" })
    .setIssuer("web")
    .setAudience("automate")
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .setJti(randomUUID())
    .sign(await importJWK(JSON.parse(signingKey), "EdDSA"));
  return new Request(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Selvage ${token}` },
    body: text,
  });
}
