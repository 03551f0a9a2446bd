import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { findTeamKey } from "@/automate/keys/master-key-of";
import { startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import type { KeyringKey } from "@/lib/kms/keyring";

/**
 * Puts a fabric under one of its team's own master keys, or with null under the primary again. Starts to rotate its
 * key pair under that key, because the former master key unwraps the former pair. Throws `KeyServiceFault` when the
 * chosen key is not usable, and `AlreadyRotating`; then nothing changes.
 */
export async function chooseMasterKey(
  keys: FabricKeys,
  { actor, teamId, fabricId }: Scope<"fabric-key:write">,
  fingerprint: string | null,
): Promise<KeyringKey> {
  const { keyring } = keys;
  const target = fingerprint === null ? keyring.primary : findTeamKey(keyring, fingerprint, teamId);
  if (!target) throw new Refusal(404, "not_found", "Master key not found.");
  const before = await db.fabricMasterKey.findUnique({ where: { fabricId }, select: { masterKeyId: true } });
  if ((before?.masterKeyId ?? null) === fingerprint) return target;
  // Outside the transaction, which would hold a connection for as long as the key service takes.
  const pair = await keys.newPair(fabricId, target);
  const fabric = await db.fabric.findUniqueOrThrow({ where: { id: fabricId }, select: { name: true } });
  await actFor(actor, async (tx) => {
    // First, because only one rotation of a fabric starts at once.
    await startFabricRotation(tx, pair, actor);
    const choice = { masterKeyId: target.fingerprint, chosenById: actor.id, chosenByName: actor.name };
    if (fingerprint === null) await tx.fabricMasterKey.deleteMany({ where: { fabricId } });
    else
      await tx.fabricMasterKey.upsert({
        where: { fabricId },
        create: { fabricId, ...choice },
        update: { ...choice, chosenAt: new Date() },
      });
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "fabric.key.master",
      object: { kind: "fabric", id: fabricId, name: fabric.name },
      details: { to: target.label, masterKeyId: target.fingerprint },
    });
  });
  return target;
}
