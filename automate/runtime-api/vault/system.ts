import { type VaultAnswer, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import type { Mount, VaultCaller } from "@/automate/runtime-api/vault/caller";
import { matchesFabric } from "@/lib/access/fabric-reference";

/** The Vault version that this API follows, and when it was built. Clients choose their behaviour by it. */
const version = "1.15.0";
const builtAt = "2023-09-22T16:53:10Z";

/** Vault's default lease, 32 days, for a token that never expires. */
export const defaultLeaseSeconds = 2_764_800;

/**
 * The paths that answer without authentication: they contain nothing about a fabric. Automate starts only
 * with its master key, so a copy that answers is initialized and unsealed. Every copy serves alike, so none
 * leads.
 */
export const publicAnswers: ReadonlyMap<string, () => VaultAnswer> = new Map([
  ["sys/init", () => ({ bare: { initialized: true } })],
  ["sys/health", healthAnswer],
  ["sys/seal-status", sealStatusAnswer],
  ["sys/leader", leaderAnswer],
]);

function healthAnswer(): VaultAnswer {
  const states = { initialized: true, sealed: false, standby: false, performance_standby: false };
  return {
    bare: {
      ...states,
      replication_performance_mode: "disabled",
      replication_dr_mode: "disabled",
      server_time_utc: Math.floor(Date.now() / 1000),
      version,
      cluster_name: "selvage",
      cluster_id: "selvage",
    },
  };
}

function sealStatusAnswer(): VaultAnswer {
  return {
    bare: {
      type: "shamir",
      initialized: true,
      sealed: false,
      t: 1,
      n: 1,
      progress: 0,
      nonce: "",
      version,
      build_date: builtAt,
      migration: false,
      cluster_name: "selvage",
      cluster_id: "selvage",
      recovery_seal: false,
      storage_type: "postgresql",
    },
  };
}

function leaderAnswer(): VaultAnswer {
  return {
    bare: {
      ha_enabled: false,
      is_self: false,
      active_time: "0001-01-01T00:00:00Z",
      leader_address: "",
      leader_cluster_address: "",
      performance_standby: false,
      performance_standby_last_remote_wal: 0,
    },
  };
}

/** `sys/mounts`: the token's fabric, as a KV version 2 engine. */
export function mountsAnswer({ mount }: VaultCaller): VaultAnswer {
  return withDataAtTopLevel({ [`${mount.slug}/`]: mountDescription(mount) });
}

/** `sys/mounts/{mount}`, of the token's fabric. */
export function mountAnswer({ mount }: VaultCaller): VaultAnswer {
  return withDataAtTopLevel(mountDescription(mount));
}

/** `sys/mounts/{mount}/tune`, of the token's fabric. */
export function tuneAnswer({ mount }: VaultCaller): VaultAnswer {
  const { config, description, options } = mountDescription(mount);
  const leases = { default_lease_ttl: defaultLeaseSeconds, max_lease_ttl: defaultLeaseSeconds };
  return withDataAtTopLevel({ ...config, ...leases, description, options });
}

/** `sys/internal/ui/mounts`, which clients list. */
export function visibleMountsAnswer({ mount }: VaultCaller): VaultAnswer {
  return { data: { secret: { [`${mount.slug}/`]: mountDescription(mount) }, auth: {} } };
}

/** `sys/internal/ui/mounts/{path}`: the `vault kv` command reads the engine's version from it. */
export function engineAnswer({ mount }: VaultCaller, name: string): VaultAnswer {
  if (!matchesFabric(mount, name))
    throw new VaultRefusal(403, [
      "preflight capability check returned 403, please ensure client's policies grant access to path",
    ]);
  return { data: { ...mountDescription(mount), path: `${name}/` } };
}

function withDataAtTopLevel(data: Record<string, unknown>): VaultAnswer {
  return { data, more: data };
}

function mountDescription({ id, name }: Mount) {
  return {
    accessor: `kv_${id}`,
    config: { default_lease_ttl: 0, max_lease_ttl: 0, force_no_cache: false },
    deprecation_status: "supported",
    description: `Secrets of fabric ${name}`,
    external_entropy_access: false,
    local: false,
    options: { version: "2" },
    plugin_version: "",
    running_plugin_version: `v${version}+builtin.vault`,
    running_sha256: "",
    seal_wrap: false,
    type: "kv",
    uuid: id,
  };
}
