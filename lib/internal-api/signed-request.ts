import "server-only";
import { createHash, randomUUID } from "node:crypto";
import { importJWK, type JWK, SignJWT } from "jose";

/** The senders of requests to automate's internal port, with the type of their signatures. */
export const requestTypes = { web: "selvage-request", operator: "selvage-operator-request" } as const;

/**
 * Returns a request to automate's internal port, signed for one purpose, URL and body, and valid for 60 seconds
 * (JWS, EdDSA; claims as in DPoP, RFC 9449). `claims` are further claims.
 */
export async function signedRequest(
  sender: { name: keyof typeof requestTypes; key: JWK; claims?: Readonly<Record<string, string | number>> },
  { purpose, url, body }: { purpose: string; url: URL; body: unknown },
): Promise<Request> {
  const text = JSON.stringify(body);
  // Read once: automate refuses a request that is valid for longer, and a second may end between two looks.
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({
    ...sender.claims,
    purpose,
    htm: "POST",
    htu: url.href,
    body: createHash("sha256").update(text).digest("base64url"),
  })
    .setProtectedHeader({ alg: "EdDSA", typ: requestTypes[sender.name] })
    .setIssuer(sender.name)
    .setAudience("automate")
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .setJti(randomUUID())
    .sign(await importJWK(sender.key, "EdDSA"));
  return new Request(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Selvage ${token}` },
    body: text,
    redirect: "error",
  });
}
