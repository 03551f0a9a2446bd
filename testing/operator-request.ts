import { createHash, randomUUID } from "node:crypto";
import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { importJWK, SignJWT } from "jose";

/**
 * Sends a request of the operator to an internal app that listens as http://automate.test. `claims` and
 * `header` override the correct ones.
 */
export async function injectAsOperator(
  internal: FastifyInstance,
  signingKey: string,
  path: string,
  body: object,
  { claims = {}, typ = "selvage-operator-request" }: { claims?: Record<string, unknown>; typ?: string } = {},
): Promise<LightMyRequestResponse> {
  const text = JSON.stringify(body);
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({
    htm: "POST",
    htu: `http://automate.test${path}`,
    body: createHash("sha256").update(text).digest("base64url"),
    jti: randomUUID(),
    iss: "operator",
    ...claims,
  })
    .setProtectedHeader({ alg: "EdDSA", typ })
    .setAudience("automate")
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .sign(await importJWK(JSON.parse(signingKey), "EdDSA"));
  return internal.inject({
    method: "POST",
    url: path,
    headers: { "content-type": "application/json", authorization: `Selvage ${token}` },
    payload: text,
  });
}
