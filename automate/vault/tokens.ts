import type { FastifyRequest } from "fastify";
import { decodeJwt } from "jose";
import { z } from "zod";
import { type VaultAnswer, type VaultAuth, VaultRefusal } from "@/automate/vault/answer";
import { callerOf, isMount, nameFabric, type VaultCaller } from "@/automate/vault/caller";
import { db } from "@/lib/db";

const approle = z.object({ role_id: z.string().max(256), secret_id: z.string().max(256) });
const jwtLogin = z.object({ role: z.string().max(256).optional(), jwt: z.string().max(16_384) });
/** What Vault gives a token that never ends: 32 days, to be asked for again. */
const defaultLeaseSeconds = 2_764_800;

/**
 * AppRole login: `role_id` is the fabric, by id or name; `secret_id` a pipeline token. It makes nothing: the client token is
 * the pipeline token itself, so that its revocation counts at the next request, here as everywhere.
 */
export async function loginByRole(request: FastifyRequest, body: unknown): Promise<VaultAnswer> {
  const given = approle.safeParse(body);
  if (!given.success) throw new VaultRefusal(400, ["missing role_id or secret_id"]);
  const { role_id: role, secret_id: token } = given.data;
  const caller = await callerOf(request, token).catch(() => null);
  if (!caller || !isMount(caller.mount, role)) throw new VaultRefusal(400, ["invalid role or secret ID"]);
  return { auth: await authOf(caller) };
}

/**
 * JWT login: `jwt` is a token of an issuer that the fabric trusts, `role` the fabric, by id or name. As by AppRole, nothing is
 * made: the client token is the workload's own, and ends with it.
 */
export async function loginByJwt(request: FastifyRequest, body: unknown): Promise<VaultAnswer> {
  const given = jwtLogin.safeParse(body);
  if (!given.success) throw new VaultRefusal(400, ["missing jwt"]);
  const { role = "", jwt } = given.data;
  nameFabric(request, role);
  const caller = await callerOf(request, jwt).catch(() => null);
  if (!caller || (role && !isMount(caller.mount, role))) throw new VaultRefusal(400, ["invalid role or JWT"]);
  return { auth: await authOf(caller) };
}

/** `auth/token/lookup-self`. */
export async function lookUpSelf(caller: VaultCaller): Promise<VaultAnswer> {
  const { expiresAt, createdAt, leaseSeconds } = await lifeOf(caller);
  return {
    data: {
      accessor: caller.scope.actor.id,
      creation_time: Math.floor(createdAt.getTime() / 1000),
      creation_ttl: expiresAt ? Math.round((expiresAt.getTime() - createdAt.getTime()) / 1000) : 0,
      display_name: caller.scope.actor.name,
      entity_id: "",
      expire_time: expiresAt?.toISOString() ?? null,
      explicit_max_ttl: 0,
      id: caller.token,
      meta: { fabric: caller.mount.name },
      num_uses: 0,
      orphan: true,
      path: "auth/approle/login",
      policies: ["default"],
      renewable: false,
      ttl: expiresAt ? leaseSeconds : 0,
      type: "service",
    },
  };
}

/** `auth/token/renew-self`: a pipeline token lives as long as its Admin said, so that its life is told and not made longer. */
export async function renewSelf(caller: VaultCaller): Promise<VaultAnswer> {
  return { auth: await authOf(caller) };
}

async function authOf(caller: VaultCaller): Promise<VaultAuth> {
  return {
    accessor: caller.scope.actor.id,
    client_token: caller.token,
    entity_id: "",
    lease_duration: (await lifeOf(caller)).leaseSeconds,
    metadata: { fabric: caller.mount.name, token_name: caller.scope.actor.name },
    mfa_requirement: null,
    num_uses: 0,
    orphan: true,
    policies: ["default"],
    renewable: false,
    token_policies: ["default"],
    token_type: "service",
  };
}

async function lifeOf({ scope, token }: VaultCaller) {
  const row = token.includes(".")
    ? workloadLife(token)
    : await db.pipelineToken.findUnique({
        where: { id: scope.actor.id },
        select: { createdAt: true, expiresAt: true },
      });
  const expiresAt = row?.expiresAt ?? null;
  const left = expiresAt ? Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000)) : null;
  return { createdAt: row?.createdAt ?? new Date(), expiresAt, leaseSeconds: left ?? defaultLeaseSeconds };
}

/** The times of a token that was verified as its caller came in. */
function workloadLife(token: string) {
  const { iat, exp } = decodeJwt(token);
  const date = (seconds: number | undefined) => (seconds === undefined ? null : new Date(seconds * 1000));
  return { createdAt: date(iat) ?? new Date(), expiresAt: date(exp) };
}
