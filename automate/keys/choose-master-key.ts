import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { findTeamKey } from "@/automate/keys/master-key-of";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db } from "@/lib/db/client";
import type { Keyring, KeyringKey } from "@/lib/kms/keyring";

/**
 * Puts a fabric under one of its team's own master keys, or with null under the primary again: rewraps its keys and
 * stores the choice, or nothing. Throws `KeyServiceFault` when the former or the new master key is not usable.
 */
export async function chooseMasterKey(
  keyring: Keyring,
  { actor, teamId, fabricId }: Scope<"fabric-key:write">,
  fingerprint: string | null,
): Promise<KeyringKey> {
  const target = fingerprint === null ? keyring.primary : findTeamKey(keyring, fingerprint, teamId);
  if (!target) throw new Refusal(404, "not_found", "Master key not found.");
  // Outside the transaction, which would hold a connection for as long as the key services take.
  const rewrapped = await rewrapAll(keyring, fabricId, target);
  const fabric = await db.fabric.findUniqueOrThrow({ where: { id: fabricId }, select: { name: true } });
  await actFor(actor, async (tx) => {
    const choice = { masterKeyId: target.fingerprint, chosenById: actor.id, chosenByName: actor.name };
    // First, because its row lock lets a concurrent choice wait.
    if (fingerprint === null) await tx.fabricMasterKey.deleteMany({ where: { fabricId } });
    else
      await tx.fabricMasterKey.upsert({
        where: { fabricId },
        create: { fabricId, ...choice },
        update: { ...choice, chosenAt: new Date() },
      });
    for (const { kid, wrappedKey } of rewrapped)
      await tx.fabricKey.updateMany({
        where: { kid, fabricId },
        data: { wrappedKey, masterKeyId: target.fingerprint },
      });
    const others = await tx.fabricKey.count({
      where: { fabricId, masterKeyId: { not: target.fingerprint } },
    });
    if (others > 0)
      throw new Refusal(409, "changed", "The keys of the fabric changed in the meantime. Try again.");
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "fabric.key.master",
      object: { kind: "fabric", id: fabricId, name: fabric.name },
      details: { to: target.label, fingerprint: target.fingerprint },
    });
  });
  return target;
}

async function rewrapAll(keyring: Keyring, fabricId: string, target: KeyringKey) {
  const rows = await db.fabricKey.findMany({
    where: { fabricId, masterKeyId: { not: target.fingerprint } },
    select: { kid: true, wrappedKey: true, masterKeyId: true },
  });
  return Promise.all(
    rows.map(async ({ kid, wrappedKey, masterKeyId }) => {
      const context = { fabricId, kid };
      const oneTimeKey = await keyring.get(masterKeyId).unwrap(wrappedKey, context);
      return { kid, wrappedKey: await target.wrap(oneTimeKey, context) };
    }),
  );
}
