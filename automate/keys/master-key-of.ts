import type { Db, Tx } from "@/lib/db/client";
import { KeyServiceFault } from "@/lib/kms/define";
import type { Keyring, KeyringKey } from "@/lib/kms/keyring";

/**
 * The master key that wraps a fabric's keys: the one of its team that an Admin chose, otherwise the primary. Throws
 * `KeyServiceFault` "missing" when the keyring no longer has the chosen key for this team.
 */
export async function masterKeyOf(client: Db | Tx, keyring: Keyring, fabricId: string): Promise<KeyringKey> {
  const choice = await client.fabricMasterKey.findUnique({
    where: { fabricId },
    select: { masterKeyId: true, fabric: { select: { teamId: true } } },
  });
  if (!choice) return keyring.primary;
  const key = findTeamKey(keyring, choice.masterKeyId, choice.fabric.teamId);
  if (key) return key;
  throw new KeyServiceFault(
    "missing",
    `The keyring has no master key ${choice.masterKeyId} for the team of fabric ${fabricId}.`,
  );
}

/** A master key that this team may choose. Another team's is not found. */
export function findTeamKey(keyring: Keyring, fingerprint: string, teamId: string): KeyringKey | undefined {
  const key = keyring.find(fingerprint);
  return key?.team === teamId ? key : undefined;
}
