import { lifetimeOf } from "@/automate/runtime-api/token-lifetime";
import type { VaultAnswer, VaultAuth } from "@/automate/runtime-api/vault/answer";
import { type VaultCaller, workloadTokenOf } from "@/automate/runtime-api/vault/caller";
import { defaultLeaseSeconds } from "@/automate/runtime-api/vault/system";

/** `auth/token/lookup-self`. */
export async function lookUpSelf(caller: VaultCaller): Promise<VaultAnswer> {
  const { expiresAt, createdAt, leaseSeconds } = await leaseOf(caller);
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
      path: workloadTokenOf(caller.token) === null ? "auth/approle/login" : "auth/jwt/login",
      policies: ["default"],
      renewable: false,
      ttl: expiresAt ? leaseSeconds : 0,
      type: "service",
    },
  };
}

/**
 * `auth/token/renew-self`: an Admin sets a pipeline token's lifetime, so renewing returns it and does not
 * extend it.
 */
export async function renewSelf(caller: VaultCaller): Promise<VaultAnswer> {
  return { auth: await authOf(caller) };
}

/** Describes the token, for a login or a renewal. */
export async function authOf(caller: VaultCaller): Promise<VaultAuth> {
  return {
    accessor: caller.scope.actor.id,
    client_token: caller.token,
    entity_id: "",
    lease_duration: (await leaseOf(caller)).leaseSeconds,
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

async function leaseOf({ scope, token }: VaultCaller) {
  const lifetime = await lifetimeOf(scope, workloadTokenOf(token) ?? token);
  const left =
    lifetime.expiresAt && Math.max(0, Math.floor((lifetime.expiresAt.getTime() - Date.now()) / 1000));
  return { ...lifetime, leaseSeconds: left ?? defaultLeaseSeconds };
}
