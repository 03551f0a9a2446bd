import { type VaultAnswer, VaultRefusal } from "@/automate/runtime-api/vault/answer";
import type { Mount, VaultCaller } from "@/automate/runtime-api/vault/caller";
import { matchesFabric } from "@/lib/access/fabric-reference";

/** The Vault version that this API follows. Clients choose their behaviour by it. */
const version = "1.15.0";

/** `sys/health` and `sys/seal-status`, without authentication: they contain nothing about a fabric. */
export function healthAnswer(): VaultAnswer {
  const states = { initialized: true, sealed: false, standby: false, performance_standby: false };
  return {
    more: {
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

/** `sys/seal-status`. */
export function sealStatusAnswer(): VaultAnswer {
  return {
    more: {
      type: "shamir",
      initialized: true,
      sealed: false,
      t: 1,
      n: 1,
      progress: 0,
      version,
      storage_type: "postgresql",
    },
  };
}

/** `sys/mounts`: the token's fabric, as a KV version 2 engine. */
export function mountsAnswer({ mount }: VaultCaller): VaultAnswer {
  const mounts = { [`${mount.word}/`]: mountDescription(mount) };
  return { data: mounts, more: mounts };
}

/** `sys/internal/ui/mounts`, which clients list. */
export function visibleMountsAnswer({ mount }: VaultCaller): VaultAnswer {
  return { data: { secret: { [`${mount.word}/`]: mountDescription(mount) }, auth: {} } };
}

/** `sys/internal/ui/mounts/{path}`: the `vault kv` command reads the engine's version from it. */
export function mountAnswer({ mount }: VaultCaller, path: readonly string[]): VaultAnswer {
  const name = path[0] ?? "";
  if (!matchesFabric(mount, name))
    throw new VaultRefusal(403, [
      "preflight capability check returned 403, please ensure client's policies grant access to path",
    ]);
  return { data: { ...mountDescription(mount), path: `${name}/` } };
}

function mountDescription({ id, name }: Mount) {
  return {
    accessor: `kv_${id}`,
    config: { default_lease_ttl: 0, max_lease_ttl: 0, force_no_cache: false },
    description: `Secrets of fabric ${name}`,
    external_entropy_access: false,
    local: false,
    options: { version: "2" },
    seal_wrap: false,
    type: "kv",
    uuid: id,
  };
}
