import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";
import { keysOf } from "@/automate/runtime-api/issuer-keys";
import { type PublicKeySet, workloadAlgorithms } from "@/lib/access/issuer-keys";
import { findTrusts, type Trust, type WorkloadClaims } from "@/lib/access/workload";

const maxLifeMs = 24 * 60 * 60_000;
const toleranceSeconds = 5;

const claims = z.object({
  // Postgres takes no U+0000, and a failure would take another time than a refusal.
  iss: z
    .string()
    .max(512)
    .regex(/^\P{Cc}*$/u),
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

/** Why a token does not count for a trust whose issuer it names. */
export type TokenFault =
  | "no_keys"
  | "unknown_key"
  | "wrong_signature"
  | "token_expired"
  | "wrong_life"
  | "malformed";

/** What a workload's token says, and for each trust of its issuer whether the keys of that trust signed it, or what is wrong. */
export type JudgedToken = {
  claims: WorkloadClaims;
  trusts: readonly { trust: Trust; fault: TokenFault | null }[];
};

/**
 * Judges a workload's token (OpenID Connect, RFC 7519): null when nobody trusts its issuer, or it makes no sense. Each trust is
 * judged by its own keys: those that its issuer was asked for, or those that were given by hand, which count for no other.
 */
export async function judgeWorkloadToken(token: string, keysWithinMs: number): Promise<JudgedToken | null> {
  const until = Date.now() + keysWithinMs;
  const said = read(token);
  if (!said) return null;
  const { iss, sub, aud, exp, iat } = said;
  const audiences = [aud].flat();
  const trusts = await findTrusts({ issuer: iss, audiences, subject: sub });
  if (trusts.length === 0) return null;
  const asked = trusts.some(({ keys }) => keys === null) ? await faultBy(token, iss, null, until) : null;
  const judged = await Promise.all(
    trusts.map(async (trust) => ({
      trust,
      fault: trust.keys ? await faultBy(token, iss, trust.keys, until) : asked,
    })),
  );
  const now = Date.now() / 1000;
  const isLong = iat > now + toleranceSeconds || (exp - iat) * 1000 > maxLifeMs;
  return {
    // The one mint of verified claims: whoever uses them looks at the faults of the trusts beside them.
    claims: { issuer: iss, subject: sub, audiences } as unknown as WorkloadClaims,
    trusts: judged.map(({ trust, fault }) => ({ trust, fault: fault ?? (isLong ? "wrong_life" : null) })),
  };
}

function read(token: string): z.infer<typeof claims> | null {
  try {
    return claims.parse(decodeJwt(token));
  } catch {
    return null;
  }
}

/** What is wrong with a token by these keys, or by those of its issuer; a key that is not among them may be a new one. */
async function faultBy(
  token: string,
  issuer: string,
  given: PublicKeySet | null,
  until: number,
): Promise<TokenFault | null> {
  const keys = given ?? (await keysOf(issuer, { until }));
  const fault = keys ? await verify(token, issuer, keys) : "no_keys";
  if (given || fault !== "unknown_key") return fault;
  const renewed = await keysOf(issuer, { until, anew: true });
  return renewed === keys || !renewed ? fault : verify(token, issuer, renewed);
}

async function verify(token: string, issuer: string, keys: PublicKeySet): Promise<TokenFault | null> {
  const rules = { algorithms: [...workloadAlgorithms], issuer, clockTolerance: toleranceSeconds };
  try {
    await jwtVerify(token, createLocalJWKSet(keys as JSONWebKeySet), rules);
    return null;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return faultOf(error);
    // Keys need no id (RFC 7517, 4.5): each that suits may be the one.
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
