import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, jwtVerify } from "jose";
import * as z from "zod";
import { keysOf } from "@/automate/runtime-api/issuer-keys";
import { type PublicKeySet, workloadAlgorithms } from "@/lib/access/issuer-keys";
import { findTrusts, type Trust, type WorkloadClaims } from "@/lib/access/workload";

const maxLifeMs = 24 * 60 * 60_000;
const toleranceSeconds = 5;

const claimsSchema = z.object({
  // Postgres text cannot contain U+0000. A database error would also take another time than a refusal.
  iss: z
    .string()
    .max(512)
    .regex(/^\P{Cc}*$/u),
  // The audit log shows it as a name.
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

/** Why a token does not fit a trust of its issuer. */
export type TokenFault =
  | "no_keys"
  | "unknown_key"
  | "wrong_signature"
  | "token_expired"
  | "wrong_life"
  | "malformed";

/**
 * The claims of a workload token, and for each trust of its issuer: null if the trust's keys signed it, or
 * the fault.
 */
export type JudgedToken = {
  claims: WorkloadClaims;
  trusts: readonly { trust: Trust; fault: TokenFault | null }[];
};

/**
 * Judges a workload token (OpenID Connect, RFC 7519). Returns null when nobody trusts its issuer or it is
 * malformed.
 *
 * Each trust uses its own keys: those fetched from the issuer, or those that an Admin entered. Entered keys
 * never count for another trust.
 */
export async function judgeWorkloadToken(token: string, keysTimeoutMs: number): Promise<JudgedToken | null> {
  const until = Date.now() + keysTimeoutMs;
  const payload = parseClaims(token);
  if (!payload) return null;
  const { iss, sub, aud, exp, iat } = payload;
  const audiences = [aud].flat();
  const trusts = await findTrusts({ issuer: iss, audiences, subject: sub });
  if (trusts.length === 0) return null;
  const fetchedKeysFault = trusts.some(({ keys }) => keys === null)
    ? await faultBy(token, iss, null, until)
    : null;
  const judged = await Promise.all(
    trusts.map(async (trust) => ({
      trust,
      fault: trust.keys ? await faultBy(token, iss, trust.keys, until) : fetchedKeysFault,
    })),
  );
  const now = Date.now() / 1000;
  const hasWrongLifetime = iat > now + toleranceSeconds || (exp - iat) * 1000 > maxLifeMs;
  return {
    // The only cast to `WorkloadClaims`. Callers must check each trust's `fault` before they use the claims.
    claims: { issuer: iss, subject: sub, audiences } as unknown as WorkloadClaims,
    trusts: judged.map(({ trust, fault }) => ({
      trust,
      fault: fault ?? (hasWrongLifetime ? "wrong_life" : null),
    })),
  };
}

function parseClaims(token: string): z.infer<typeof claimsSchema> | null {
  try {
    return claimsSchema.parse(decodeJwt(token));
  } catch {
    return null;
  }
}

/**
 * Returns the fault of a token with the given or fetched keys. An unknown key may be a new one, so the
 * issuer's keys are refreshed.
 */
async function faultBy(
  token: string,
  issuer: string,
  enteredKeys: PublicKeySet | null,
  until: number,
): Promise<TokenFault | null> {
  const keys = enteredKeys ?? (await keysOf(issuer, { until }));
  const fault = keys ? await verify(token, issuer, keys) : "no_keys";
  if (enteredKeys || fault !== "unknown_key") return fault;
  const refreshed = await keysOf(issuer, { until, refresh: true });
  return refreshed === keys || !refreshed ? fault : verify(token, issuer, refreshed);
}

async function verify(token: string, issuer: string, keys: PublicKeySet): Promise<TokenFault | null> {
  const rules = { algorithms: [...workloadAlgorithms], issuer, clockTolerance: toleranceSeconds };
  try {
    await jwtVerify(token, createLocalJWKSet(keys as JSONWebKeySet), rules);
    return null;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return faultOf(error);
    // Keys need no id (RFC 7517, 4.5), so try each key that matches.
    for await (const key of error) {
      const fault = await jwtVerify(token, key, rules).then(() => null, faultOf);
      if (fault !== "wrong_signature") return fault;
    }
    return "wrong_signature";
  }
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof errors.JWKSNoMatchingKey) return "unknown_key";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "wrong_signature";
  return error instanceof errors.JWTExpired ? "token_expired" : "malformed";
}
