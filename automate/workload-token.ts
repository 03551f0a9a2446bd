import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify } from "jose";
import { Agent, fetch as guardedFetch } from "undici";
import { z } from "zod";
import { guardedConnect } from "@/automate/guarded-connect";
import { issuerRequests } from "@/automate/metrics";
import { isTrusted, type WorkloadClaims } from "@/lib/access/workload";

/** By a key pair alone: whoever verifies cannot make one. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const patienceMs = 5_000;
const maxLifeMs = 24 * 60 * 60_000;
const toleranceSeconds = 5;
const maxAnswerBytes = 262_144;
const keptForMs = 10 * 60_000;
/** Anybody can name an issuer in a token: one that does not answer is not asked for each. */
const failedForMs = 5_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const claims = z.object({
  iss: z.string().max(512),
  // It becomes a name in the audit log.
  sub: z
    .string()
    .min(1)
    .max(512)
    .regex(/^\P{Cc}*$/u)
    .refine((subject) => subject.isWellFormed()),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  iat: z.number(),
});

type KeySet = ReturnType<typeof createRemoteJWKSet>;
const keySets = new Map<string, { keys: Promise<KeySet>; until: number }>();

/**
 * What a workload's token says (OpenID Connect, RFC 7519), when an issuer that some fabric trusts signed it and it is in its
 * time, of a day at most; null for every other. Its keys are found by OpenID Connect Discovery, over guarded connections.
 */
export async function verifyWorkloadToken(token: string): Promise<WorkloadClaims | null> {
  const issuer = issuerOf(token);
  if (issuer === null || !(await isTrusted(issuer))) return null;
  try {
    const { payload } = await jwtVerify(token, await keysOf(issuer), {
      algorithms,
      issuer,
      clockTolerance: toleranceSeconds,
    });
    const { sub, aud, exp, iat } = claims.parse(payload);
    const now = Date.now() / 1000;
    if (iat > now + toleranceSeconds || (exp - iat) * 1000 > maxLifeMs) return null;
    // The one mint of verified claims.
    return { issuer, subject: sub, audiences: [aud].flat() } as unknown as WorkloadClaims;
  } catch {
    // Why a token is not accepted is its sender's to find out at the issuer.
    return null;
  }
}

function issuerOf(token: string): string | null {
  try {
    return claims.parse(decodeJwt(token)).iss;
  } catch {
    return null;
  }
}

function keysOf(issuer: string): Promise<KeySet> {
  const now = Date.now();
  for (const [known, { until }] of keySets) if (until < now) keySets.delete(known);
  const kept = keySets.get(issuer);
  if (kept) return kept.keys;
  const found = { keys: discover(issuer), until: now + keptForMs };
  keySets.set(issuer, found);
  found.keys.catch(() => {
    found.until = Date.now() + failedForMs;
  });
  return found.keys;
}

async function discover(issuer: string): Promise<KeySet> {
  const url = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const answer = await get(url, AbortSignal.timeout(patienceMs));
  if (!answer.ok) throw new Error("The issuer does not answer.");
  const { issuer: named, jwks_uri } = discovery.parse(await answer.json());
  const keys = new URL(jwks_uri);
  if (named !== issuer || keys.protocol !== url.protocol) throw new Error("The issuer speaks of another.");
  return createRemoteJWKSet(keys, {
    timeoutDuration: patienceMs,
    [customFetch]: (address, { signal }) => get(new URL(address), signal),
  });
}

/** A bounded GET that follows no redirect; what fails is counted, since who sent the token learns nothing of it. */
async function get(url: URL, signal: AbortSignal): Promise<Response> {
  issuerRequests.inc({ outcome: "sent" });
  const answer = await ask(url, signal);
  if (answer.ok) issuerRequests.inc({ outcome: "answered" });
  return answer;
}

async function ask(url: URL, signal: AbortSignal): Promise<Response> {
  const dispatcher = new Agent({ connect: guardedConnect(url.hostname), maxResponseSize: maxAnswerBytes });
  try {
    const answer = await guardedFetch(url, { dispatcher, signal, redirect: "error" });
    return new Response(await answer.text(), { status: answer.status });
  } finally {
    await dispatcher.close();
  }
}
