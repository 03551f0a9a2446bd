import { db } from "@/lib/db/client";
import type { Keyring } from "@/lib/kms/keyring";

/** No key of the keyring wrapped any key in the database. */
export class WrongMasterKey extends Error {
  override name = "WrongMasterKey";
}

/** How many fabrics one warning names. */
const namedFabrics = 10;

/**
 * Returns one sentence for each master key that fabrics need and the keyring does not have. Throws
 * `WrongMasterKey` when the keyring unwraps no fabric key at all: it is another installation's. `lost` are keys
 * whose loss the operator has accepted.
 */
export async function requireKeyring(keyring: Keyring, lost: readonly string[] = []): Promise<string[]> {
  const needed = await db.fabricKey.groupBy({ by: ["masterKeyId"], orderBy: { masterKeyId: "asc" } });
  const missing = needed.map(({ masterKeyId }) => masterKeyId).filter((id) => !keyring.find(id));
  const isAccepted = missing.every((id) => lost.includes(id));
  if (missing.length > 0 && missing.length === needed.length && !isAccepted)
    throw new WrongMasterKey(
      `Wrong master key (${keyring.keys.map(({ fingerprint }) => fingerprint).join(", ")}): this database was sealed under ${missing.join(", ")}. Restore that master key from your backup, or list it in KMS_CONFIG. If it is lost for good, see docs/recovery.md.`,
    );
  return Promise.all(missing.map(warningOf));
}

async function warningOf(fingerprint: string): Promise<string> {
  const keys = await db.fabricKey.findMany({
    where: { masterKeyId: fingerprint },
    distinct: ["fabricId"],
    select: { fabricId: true },
  });
  const ids = keys.map(({ fabricId }) => fabricId);
  const fabrics = await db.fabric.findMany({
    where: { id: { in: ids } },
    orderBy: { name: "asc" },
    take: namedFabrics,
    select: { name: true, team: { select: { name: true } } },
  });
  const names = fabrics.map(({ name, team }) => `“${name}” of team “${team.name}”`).join(", ");
  const others = ids.length - fabrics.length;
  const list = names ? `: ${names}${others > 0 ? ` and ${others} more` : ""}` : "";
  return `The keyring has no master key ${fingerprint}, which ${ids.length === 1 ? "1 fabric needs" : `${ids.length} fabrics need`}${list}. Their secrets cannot be read until KMS_CONFIG lists that key.`;
}
