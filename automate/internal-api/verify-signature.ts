import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { errors, importJWK, type JWK, type JWTPayload, jwtVerify } from "jose";
import * as z from "zod";
import { Refusal } from "@/automate/http/error";
import { bodyOf } from "@/automate/http/json-body";
import { db } from "@/lib/db/client";
import { unwatched } from "@/lib/db/writes";
import { automateEnv } from "@/lib/env";
import { requestTypes } from "@/lib/internal-api/signed-request";

const signedClaims = z.object({
  purpose: z.string(),
  htm: z.string(),
  htu: z.string(),
  body: z.string(),
  jti: z.string().max(64),
  iat: z.number(),
  exp: z.number(),
});

type Sender = keyof typeof requestTypes;
const names: Record<Sender, string> = { web: "Web", operator: "The operator" };

type Signer = { sender: Sender; keys: readonly JWK[]; purpose: string };

/**
 * Verifies the signature of a request to the internal port by one of the sender's keys (JWS, EdDSA; claims as
 * in DPoP, RFC 9449), and uses up its `jti`. Returns all claims.
 * Throws `Refusal` 401 for a request that is unsigned, expired, replayed or signed for something else.
 */
export async function verifySignature(request: FastifyRequest, signer: Signer): Promise<JWTPayload> {
  const { payload, claims } = await verifyHeader(request, signer);
  const digest = createHash("sha256")
    .update(bodyOf(request)?.bytes ?? "")
    .digest("base64url");
  if (claims.body !== digest) throw notSigned(signer.sender);
  await requireUnused(claims.jti, new Date(claims.exp * 1000));
  return payload;
}

/** Verifies all that can be verified before the body is read, as `verifySignature` does. */
export async function verifyHeader(
  request: FastifyRequest,
  { sender, keys, purpose }: Signer,
): Promise<{ payload: JWTPayload; claims: z.infer<typeof signedClaims> }> {
  const { AUTOMATE_URL, AUTOMATE_INTERNAL_HOST, AUTOMATE_INTERNAL_PORT } = automateEnv();
  const token = /^Selvage ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(request.headers.authorization ?? "")?.[1];
  const payload = token === undefined ? undefined : await verifyByAny(token, sender, keys);
  const claims = signedClaims.safeParse(payload).data;
  const listening = `http://${AUTOMATE_INTERNAL_HOST}:${AUTOMATE_INTERNAL_PORT}`;
  const expectedUrl = new URL(request.url, AUTOMATE_URL ?? listening);
  const isExpected =
    claims !== undefined &&
    claims.exp - claims.iat <= 60 &&
    claims.purpose === purpose &&
    claims.htm === request.method &&
    claims.htu === expectedUrl.href;
  if (!payload || !isExpected) throw notSigned(sender);
  return { payload, claims };
}

/** Several keys are accepted while a signing key is replaced. */
async function verifyByAny(
  token: string,
  sender: Sender,
  keys: readonly JWK[],
): Promise<JWTPayload | undefined> {
  for (const key of keys) {
    const verified = await jwtVerify(token, await importJWK(key, "EdDSA"), {
      algorithms: ["EdDSA"],
      typ: requestTypes[sender],
      issuer: sender,
      audience: "automate",
      maxTokenAge: 60,
      clockTolerance: 5,
    }).catch((error: unknown) => explainClockError(error, sender));
    if (verified) return verified.payload;
  }
  return undefined;
}

/** The refusal of a request that its sender did not sign for this purpose. */
export function notSigned(sender: Sender): Refusal {
  return new Refusal(401, "not_signed", `${names[sender]} did not sign the request for this purpose.`);
}

/**
 * Throws when the signature is valid and only its times are not: the clocks differ, or the request was
 * delayed.
 */
function explainClockError(error: unknown, sender: Sender): undefined {
  const isClockError =
    error instanceof errors.JWTExpired ||
    (error instanceof errors.JWTClaimValidationFailed && ["iat", "exp", "nbf"].includes(error.claim));
  if (isClockError)
    throw new Refusal(
      401,
      "wrong_time",
      `${names[sender]}'s signature is expired or not yet valid. Check the clocks of both hosts.`,
    );
}

async function requireUnused(jti: string, expiresAt: Date): Promise<void> {
  // Stored in Postgres, so that a request cannot be replayed against another copy of automate.
  const { count } = await unwatched(async () =>
    db.usedRequest.createMany({ data: [{ jti, expiresAt }], skipDuplicates: true }),
  );
  if (count === 0) throw new Refusal(401, "replayed", "The request was already used.");
}
