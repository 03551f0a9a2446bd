import "server-only";
import type { Scope } from "@/lib/access/scope";
import { db } from "@/lib/db/client";
import type { MasterKeyChoice, MasterKeyState, MasterKeyStatus } from "@/lib/master-keys/schema";

const states: readonly string[] = ["enabled", "disabled", "denied", "missing", "unavailable"];

/**
 * The master keys that wrap keys of the fabric and are not usable now. Automate stores the states each minute. A
 * key that it stopped seeing three minutes ago, while it still sees others, is missing. While no automate runs, the
 * last states count.
 */
export async function listUnusableMasterKeys({ fabricId }: Scope<"fabric:see">): Promise<MasterKeyStatus[]> {
  const rows = await db.$queryRaw<
    { fingerprint: string; label: string | null; state: string; since: Date | null }[]
  >`
    SELECT used."masterKeyId" AS fingerprint, m.label, m."stateSince" AS since,
      CASE WHEN m.fingerprint IS NULL OR m."seenAt" < newest.at - interval '3 minutes' THEN 'missing' ELSE m.state END AS state
    FROM (SELECT DISTINCT "masterKeyId" FROM fabric_key WHERE "fabricId" = ${fabricId}) used
    CROSS JOIN (SELECT max("seenAt") AS at FROM master_key) newest
    LEFT JOIN master_key m ON m.fingerprint = used."masterKeyId"
    WHERE newest.at IS NOT NULL
    ORDER BY 1`;
  return rows
    .map(({ fingerprint, label, state, since }) => ({
      fingerprint,
      label: label ?? "",
      state: stateOf(state),
      since,
    }))
    .filter(({ state }) => state !== "enabled");
}

/** The master key that was chosen for the fabric, and those that its team may choose; null when it has none. */
export async function findMasterKeyChoice({
  fabricId,
  teamId,
}: Scope<"fabric-key:list">): Promise<MasterKeyChoice | null> {
  const chosen = await db.fabricMasterKey.findUnique({ where: { fabricId }, select: { masterKeyId: true } });
  const keys = await db.$queryRaw<{ fingerprint: string; label: string; state: string }[]>`
    SELECT fingerprint, label, state FROM master_key
    WHERE "teamId" = ${teamId} AND "seenAt" >= (SELECT max("seenAt") FROM master_key) - interval '3 minutes'
    ORDER BY label, fingerprint`;
  if (!chosen && keys.length === 0) return null;
  return {
    chosen: chosen?.masterKeyId ?? null,
    options: keys.map((key) => ({ ...key, state: stateOf(key.state) })),
  };
}

function stateOf(state: string): MasterKeyState {
  return states.includes(state) ? (state as MasterKeyState) : "unavailable";
}
