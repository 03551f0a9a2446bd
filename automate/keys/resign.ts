import type { JWK } from "jose";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { recordKeyEvent } from "@/automate/keys/record-key-event";
import { isSignedBy, signFabricKey } from "@/automate/keys/sign-fabric-key";
import { faultOfKey, type StoredKey, storedKeys } from "@/automate/keys/stored-keys";
import { operatorActor } from "@/lib/access/system-actor";
import { db } from "@/lib/db/client";

/** The number of fabric keys that were signed anew, and those that were refused, with the reason. */
export type Resigned = { resigned: number; refused: { fabricId: string; kid: string; reason: string }[] };

/**
 * Signs each fabric key that another signing key signed, after a signing key was replaced or lost. Refuses a key
 * that is not as automate made it: somebody may have put a key of their own into the database. Safe to repeat, and
 * in several copies of automate.
 */
export async function resignFabricKeys(keys: FabricKeys, signingKey: JWK): Promise<Resigned> {
  const answer: Resigned = { resigned: 0, refused: [] };
  for await (const row of storedKeys()) {
    if (await isSignedBy(signingKey, row)) continue;
    const reason = await faultOfKey(keys, row);
    if (reason === undefined) {
      await storeSignature(row, signingKey);
      answer.resigned += 1;
    } else answer.refused.push({ fabricId: row.fabricId, kid: row.kid, reason });
  }
  return answer;
}

async function storeSignature(row: StoredKey, signingKey: JWK): Promise<void> {
  const { kid, fabricId } = row;
  const signature = await signFabricKey({ fabricId, kid, publicJwk: JSON.parse(row.publicJwk) }, signingKey);
  await db.$transaction(async (tx) => {
    // Only the public key that was judged: the row may have changed since it was read.
    const { count } = await tx.fabricKey.updateMany({
      where: { kid, fabricId, publicJwk: row.publicJwk },
      data: { signature },
    });
    if (count > 0) await recordKeyEvent(tx, operatorActor, "fabric.key.sign", row);
  });
}
