import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { errors, importJWK, jwtVerify } from "jose";
import { z } from "zod";
import { accessEnded } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { bodyOf } from "@/automate/http/json-body";
import { authorize, requireAnyTeam } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db } from "@/lib/db/client";
import { unwatched } from "@/lib/db/writes";
import { automateEnv } from "@/lib/env";
import {
  type AutomateBody,
  type AutomatePermission,
  type AutomatePurpose,
  automateRequests,
} from "@/lib/internal-api/contract";

const claimsSchema = z.object({
  actor: z.string(),
  /** The person's access epoch when web authenticated them. If it has changed, their access ended since then. */
  access_epoch: z.number(),
  /** The name and id of the access token that acts for the person. */
  access_token: z.string().max(128).optional(),
  access_token_id: z.string().max(64).optional(),
  auth_time: z.number(),
  fabric: z.string(),
  purpose: z.string(),
  htm: z.string(),
  htu: z.string(),
  body: z.string(),
  jti: z.string().max(64),
  iat: z.number(),
  exp: z.number(),
});

/**
 * A request that web signed for one purpose, path and body, and that was used once. Web names the person;
 * automate loads them from the database.
 */
export type VerifiedRequest<P extends AutomatePurpose> = {
  actor: Actor & { kind: "user" };
  fabricId: string;
  body: AutomateBody<P>;
};

/**
 * Verifies a signed request of web (JWS, EdDSA; claims as in DPoP, RFC 9449) and uses up its `jti`.
 *
 * Throws `Refusal` 401 for a request that is unsigned, expired, replayed or signed for something else, and
 * 400 for a malformed body.
 */
export async function verifyRequest<P extends AutomatePurpose>(
  request: FastifyRequest,
  purpose: P,
): Promise<VerifiedRequest<P>> {
  const claims = await verifyClaims(request, purpose);
  await requireUnused(claims.jti, new Date(claims.exp * 1000));
  const user = await db.user.findFirst({
    where: { id: claims.actor, lockedAt: null, accessEpoch: claims.access_epoch },
    select: { id: true, name: true, email: true, accessEpoch: true },
  });
  if (!user) throw accessEnded();
  const parsed = automateRequests[purpose].body.safeParse(bodyOf(request)?.json);
  if (!parsed.success) throw new Refusal(400, "invalid", "Invalid request body.");
  return {
    actor: {
      kind: "user",
      ...user,
      authenticatedAt: new Date(claims.auth_time * 1000),
      ...(claims.access_token === undefined
        ? {}
        : { accessToken: { id: claims.access_token_id ?? "", name: claims.access_token } }),
    },
    fabricId: claims.fabric,
    // This purpose's own schema parsed the body.
    body: parsed.data as AutomateBody<P>,
  };
}

type Verified<P extends AutomatePurpose> = {
  body: AutomateBody<P>;
  request: FastifyRequest;
  reply: FastifyReply;
};

/**
 * Registers the route of a purpose. Before `run`, automate verifies web's signature, looks up the person's
 * membership and checks the purpose's permission. It does not trust web's word alone.
 */
export function handle<P extends AutomatePurpose>(
  app: FastifyInstance,
  purpose: P,
  run: (input: Verified<P> & { scope: Scope<AutomatePermission<P>> }) => Promise<unknown>,
): void {
  const { path, permission } = automateRequests[purpose];
  app.post(path, async (request, reply) => {
    const { actor, fabricId, body } = await verifyRequest(request, purpose);
    const scope = await authorize(actor, fabricId, permission as AutomatePermission<P>);
    return run({ scope, body, request, reply });
  });
}

/**
 * `handle` for a fabric that does not exist yet: the person needs the permission in at least one of their
 * teams.
 */
export function handleForNewFabric<P extends AutomatePurpose>(
  app: FastifyInstance,
  purpose: P,
  run: (input: Verified<P> & { actor: Actor; fabricId: string }) => Promise<unknown>,
): void {
  const { path, permission } = automateRequests[purpose];
  app.post(path, async (request, reply) => {
    const { actor, fabricId, body } = await verifyRequest(request, purpose);
    await requireAnyTeam(actor, permission);
    return run({ actor, fabricId, body, request, reply });
  });
}

async function verifyClaims(request: FastifyRequest, purpose: AutomatePurpose) {
  const { AUTOMATE_URL, AUTOMATE_INTERNAL_HOST, AUTOMATE_INTERNAL_PORT, WEB_PUBLIC_KEY } = automateEnv();
  const token = /^Selvage ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(request.headers.authorization ?? "")?.[1];
  const verified = token
    ? await jwtVerify(token, await importJWK(WEB_PUBLIC_KEY, "EdDSA"), {
        algorithms: ["EdDSA"],
        typ: "selvage-request",
        issuer: "web",
        audience: "automate",
        maxTokenAge: 60,
        clockTolerance: 5,
      }).catch(explainClockError)
    : undefined;
  const claims = claimsSchema.safeParse(verified?.payload).data;
  const listening = `http://${AUTOMATE_INTERNAL_HOST}:${AUTOMATE_INTERNAL_PORT}`;
  const expectedUrl = new URL(request.url, AUTOMATE_URL ?? listening);
  const isExpected =
    claims !== undefined &&
    claims.exp - claims.iat <= 60 &&
    claims.purpose === purpose &&
    claims.htm === request.method &&
    claims.htu === expectedUrl.href &&
    claims.body ===
      createHash("sha256")
        .update(bodyOf(request)?.bytes ?? "")
        .digest("base64url");
  if (!isExpected) throw new Refusal(401, "not_signed", "Web did not sign the request for this purpose.");
  return claims;
}

/**
 * Throws when web's signature is valid and only its times are not: the clocks differ, or the request was
 * delayed.
 */
function explainClockError(error: unknown): undefined {
  const isClockError =
    error instanceof errors.JWTExpired ||
    (error instanceof errors.JWTClaimValidationFailed && ["iat", "exp", "nbf"].includes(error.claim));
  if (isClockError)
    throw new Refusal(
      401,
      "wrong_time",
      "Web's signature is expired or not yet valid. Check the clocks of both hosts.",
    );
}

async function requireUnused(jti: string, expiresAt: Date): Promise<void> {
  // Stored in Postgres, so that a request cannot be replayed against another copy of automate.
  const { count } = await unwatched(async () =>
    db.usedRequest.createMany({ data: [{ jti, expiresAt }], skipDuplicates: true }),
  );
  if (count === 0) throw new Refusal(401, "replayed", "The request was already used.");
}
