import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify } from "jose";
import { Agent, fetch as guardedFetch } from "undici";
import { z } from "zod";
import { guardedConnect } from "@/automate/guarded-connect";
import { isTrusted, type WorkloadClaims } from "@/lib/access/workload";

/** By a key pair alone: whoever verifies cannot make one. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const patienceMs = 5_000;
const maxLifeMs = 24 * 60 * 60_000;
const maxAnswerBytes = 262_144;
const keptForMs = 10 * 60_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const claims = z.object({
  iss: z.string().max(512),
  sub: z.string().min(1).max(512),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
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
      clockTolerance: 5,
    });
    const { sub, aud, exp } = claims.parse(payload);
    if (exp * 1000 > Date.now() + maxLifeMs) return null;
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
  const kept = keySets.get(issuer)?.keys ?? discover(issuer);
  if (!keySets.has(issuer)) {
    keySets.set(issuer, { keys: kept, until: now + keptForMs });
    kept.catch(() => keySets.delete(issuer));
  }
  return kept;
}

async function discover(issuer: string): Promise<KeySet> {
  const url = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const answer = await get(url, AbortSignal.timeout(patienceMs));
  const { issuer: named, jwks_uri } = discovery.parse(await answer.json());
  const keys = new URL(jwks_uri);
  if (named !== issuer || keys.protocol !== url.protocol) throw new Error("The issuer speaks of another.");
  return createRemoteJWKSet(keys, {
    timeoutDuration: patienceMs,
    [customFetch]: (address, { signal }) => get(new URL(address), signal),
  });
}

/** A bounded GET that follows no redirect. */
async function get(url: URL, signal: AbortSignal): Promise<Response> {
  const dispatcher = new Agent({ connect: guardedConnect(url.hostname), maxResponseSize: maxAnswerBytes });
  try {
    const answer = await guardedFetch(url, { dispatcher, signal, redirect: "error" });
    return new Response(await answer.text(), { status: answer.status });
  } finally {
    await dispatcher.close();
  }
}
