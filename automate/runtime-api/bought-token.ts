import { createHash } from "node:crypto";
import { attemptedValue, type CredentialAttempt, claimAttempts } from "@/automate/checks/attempt-limit";
import { Refusal } from "@/automate/http/error";
import { AddressRefused, guardedConnect } from "@/automate/http/guarded-connect";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { openSecrets } from "@/automate/secrets/open-secret";
import type { Sending, SendingPurpose } from "@/automate/secrets/purpose";
import type { TokenAuthority } from "@/automate/secrets/token-destinations";
import type { UsableSecret } from "@/automate/secrets/usable-secret";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { CheckFailure } from "@/worker/check";
import { readCertificates } from "@/worker/clients/certificates";
import { type BoughtToken, buyToken } from "@/worker/clients/oauth-token";
import { connectFault } from "@/worker/egress/socket-faults";

const timeoutMs = 10_000;
/** The lifetime of a token whose server names none, in seconds. */
const defaultSeconds = 60;

/** A bearer token, when it expires, and when to buy the next one. Times in milliseconds since 1970. */
export type Bought = { token: string; expiresAt: number; renewAt: number };

/** The purchase of a token: sends one secret to its token server. */
export type TokenPurpose = Extract<SendingPurpose, { for: "token" }> & { openings: readonly [Sending] };

/**
 * Buys a token with the client's credentials, within the limit of refused sign-ins. Verifies the server by the
 * public authorities and these. Throws `Refusal` with a check code.
 */
export async function buyM2mToken(
  keys: FabricKeys,
  purpose: TokenPurpose,
  authorities: readonly TokenAuthority[],
): Promise<Bought> {
  const { scope } = purpose;
  const [{ secret }] = purpose.openings;
  const signal = AbortSignal.timeout(timeoutMs);
  const claimed = await claimAttempts(scope.fabricId, [attemptOf(secret)], signal);
  if (claimed.state === "busy") throw refusalOf("busy");
  if (claimed.state === "paused") throw refusalOf("sign_in_paused", claimed.until);
  const opening = async () => {
    const certificates = await openAuthorities(keys, purpose, authorities);
    const [opened = {}] = await openSecrets(keys, purpose);
    return { certificates, opened };
  };
  // A failure to open or to record says nothing about the token server.
  const { certificates, opened } = await opening().catch(async (error: unknown) => {
    await claimed.claim.release();
    throw error;
  });
  const startedAt = Date.now();
  try {
    const text = (field: string) => opened[field]?.revealText() ?? "";
    const [authUrl, requested] = [text("authUrl"), text("scope")];
    const client = { clientId: text("clientId"), clientSecret: text("clientSecret"), authUrl };
    for (const plaintext of Object.values(opened)) plaintext.wipe();
    const bought = await buyToken(
      { ...client, ...(requested ? { scope: requested } : {}) },
      { connect: (endpoint) => guardedConnect(endpoint, certificates), signal },
    );
    await claimed.claim.complete({ type: "result", ok: true, ms: Date.now() - startedAt });
    return boughtOf(bought);
  } catch (error) {
    const code = codeOf(error);
    const ms = Date.now() - startedAt;
    await claimed.claim.complete({ type: "result", ok: false, code, step: "sign_in", ms });
    throw refusalOf(code);
  }
}

/**
 * Opens the CA certificates that vouch for the token server, in PEM. One that is no certificate vouches for
 * nothing, and must not stop a purchase that does not need it.
 */
async function openAuthorities(
  keys: FabricKeys,
  { scope, source, openings: [{ secret: trustedFor }] }: TokenPurpose,
  authorities: readonly TokenAuthority[],
): Promise<string[]> {
  if (authorities.length === 0) return [];
  const openings = authorities.map(({ secret, destination }) => ({
    secret,
    fields: ["value"],
    destinations: [destination] as const,
  }));
  const opened = await openSecrets(keys, { for: "authority", scope, source, trustedFor, openings });
  return opened.flatMap(({ value }) => {
    try {
      return value ? readCertificates(value.revealBytes()) : [];
    } catch {
      return [];
    } finally {
      value?.wipe();
    }
  });
}

/** Renews a minute before expiry, or after nine tenths of a shorter lifetime. */
function boughtOf({ accessToken, expiresInSeconds = defaultSeconds }: BoughtToken): Bought {
  const lifeMs = expiresInSeconds * 1000;
  const expiresAt = Date.now() + lifeMs;
  return { token: accessToken, expiresAt, renewAt: expiresAt - Math.min(60_000, lifeMs / 10) };
}

/** The key under which refused sign-ins are counted, as for a check: the endpoint and the value sent there. */
function attemptOf({ id, manifest, metadata: { authHost = "" } }: UsableSecret): CredentialAttempt {
  const endpoint = `oauth-token://${authHost}`;
  const key = createHash("sha256")
    .update(JSON.stringify([endpoint, "m2m", [attemptedValue({ id, manifest })]]))
    .digest("base64url");
  return { key, endpoint, secretIds: [id], field: "oauthClient" };
}

/** Maps an error to a check code. The texts of servers and libraries are never passed on. */
function codeOf(error: unknown): CheckCode {
  if (error instanceof CheckFailure) return error.code;
  const causes = [error, error instanceof Error ? error.cause : undefined];
  if (causes.some((one) => one instanceof AddressRefused)) return "address_refused";
  if (error instanceof Error && ["TimeoutError", "AbortError"].includes(error.name)) return "timed_out";
  return connectFault(error);
}

/** An M2M OAuth secret has no field for a CA certificate: a connection says which one its server needs. */
const authorityAdvice =
  "If your company has its own certificate authority, choose its certificate in a REST API connection that uses this secret, and press Check.";

function refusalOf(code: CheckCode, until?: Date): Refusal {
  const { title, advice: byCheck } = checkTexts[code];
  const advice = code === "tls_untrusted" ? authorityAdvice : byCheck;
  const retryAfterSeconds = until && Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000));
  const message = `No token was issued. ${title} ${advice}`;
  return retryAfterSeconds === undefined
    ? new Refusal(code === "busy" ? 503 : 502, code, message)
    : new Refusal(429, code, message, { retryAfterSeconds });
}
