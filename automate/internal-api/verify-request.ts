import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod";
import { accessEnded } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { bodyOf } from "@/automate/http/json-body";
import { notSigned, verifySignature } from "@/automate/internal-api/verify-signature";
import { authorize, requireAnyTeam } from "@/lib/access/authorize";
import type { Scope } from "@/lib/access/scope";
import type { Actor } from "@/lib/actor";
import { db } from "@/lib/db/client";
import { automateEnv } from "@/lib/env";
import {
  type AutomateBody,
  type AutomatePermission,
  type AutomatePurpose,
  automateRequests,
} from "@/lib/internal-api/contract";

const personClaims = z.object({
  actor: z.string(),
  /** The person's access epoch when web authenticated them. If it has changed, their access ended since then. */
  access_epoch: z.number(),
  /** The name and id of the access token that acts for the person. */
  access_token: z.string().max(128).optional(),
  access_token_id: z.string().max(64).optional(),
  auth_time: z.number(),
  fabric: z.string(),
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
 * Verifies a signed request of web. Throws `Refusal` 401 for a request that is unsigned, expired, replayed or
 * signed for something else, and 400 for a malformed body.
 */
export async function verifyRequest<P extends AutomatePurpose>(
  request: FastifyRequest,
  purpose: P,
): Promise<VerifiedRequest<P>> {
  const payload = await verifySignature(request, {
    sender: "web",
    keys: automateEnv().WEB_PUBLIC_KEY,
    purpose,
  });
  const claims = personClaims.safeParse(payload).data;
  if (!claims) throw notSigned("web");
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

/** The purposes that need no person: what their body contains is the proof. */
type WithoutPerson = {
  [P in AutomatePurpose]: AutomatePermission<P> extends "entry-link:use" ? P : never;
}[AutomatePurpose];

/**
 * `handle` for a request of somebody without an account. Automate verifies web's signature; `run` verifies the token
 * in the body.
 */
export function handleWithoutPerson<P extends WithoutPerson>(
  app: FastifyInstance,
  purpose: P,
  run: (body: AutomateBody<P>) => Promise<unknown>,
): void {
  const { path, body } = automateRequests[purpose];
  app.post(path, async (request) => {
    await verifySignature(request, { sender: "web", keys: automateEnv().WEB_PUBLIC_KEY, purpose });
    const parsed = body.safeParse(bodyOf(request)?.json);
    if (!parsed.success) throw new Refusal(400, "invalid", "Invalid request body.");
    return run(parsed.data as AutomateBody<P>);
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
