import { setImmediate as nextTurn } from "node:timers/promises";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import type { ResealedValue, StoredValue } from "@/automate/keys/rotate-fabric-key";
import type { SealContext } from "@/lib/crypto/context";
import type { VerifiedFabricKey } from "@/lib/crypto/fabric-key";
import { CannotOpen, open } from "@/lib/crypto/open";
import { seal } from "@/lib/crypto/seal";
import { wipeBytes } from "@/lib/wipe";

/** How many values are resealed at once: sealing runs in a pool of four threads, step by step. */
const lanes = 8;

/**
 * Opens stored values and seals them to another key of the same fabric, for the same places. Only ciphertext
 * leaves this function. It is no use of a secret: nobody receives a value, so no use is recorded.
 *
 * `afterEach` runs after each value, and returns false to stop; then the others are missing in what is returned.
 * Throws when a key service fails: the values may open later.
 */
export async function reseal(
  keys: FabricKeys,
  to: VerifiedFabricKey,
  values: readonly StoredValue[],
  afterEach: () => Promise<boolean>,
): Promise<ResealedValue[]> {
  const resealed: ResealedValue[] = [];
  const waiting = values.values();
  const work = async () => {
    for (const value of waiting) {
      resealed.push(await resealOne(keys, to, value));
      if (!(await afterEach())) return;
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return resealed;
}

async function resealOne(
  keys: FabricKeys,
  to: VerifiedFabricKey,
  { kid, sealed, subKind, ...position }: StoredValue,
): Promise<ResealedValue> {
  const context = { fabricId: to.fabricId, subKind, ...position };
  return {
    ...position,
    formerSealed: sealed,
    sealed: await resealAt(keys, { kid, sealed }, context, to, context),
  };
}

/** A field of a secret to copy: where it is sealed, and where its copy will be. */
export type CopiedField = { kid: string; sealed: string; from: SealContext; to: SealContext };

/** The sealed copy of a field, for its new place alone; null when the value could not be opened. */
export type SealedCopy = { kid: string; sealed: string | null };

/**
 * Opens fields and seals each for another place, under the key of that place's fabric. Only ciphertext leaves this
 * function. The caller has committed the audit event of each copy. Throws when a key service fails.
 */
export async function resealForCopies(
  keys: FabricKeys,
  key: VerifiedFabricKey,
  fields: readonly CopiedField[],
): Promise<SealedCopy[]> {
  const copies: SealedCopy[] = [];
  for (const { from, to, ...stored } of fields) {
    if (to.fabricId !== key.fabricId) throw new Error("The key is of another fabric than the copy.");
    copies.push({ kid: key.kid, sealed: await resealAt(keys, stored, from, key, to) });
    // Requests share the process.
    await nextTurn();
  }
  return copies;
}

/** The value of one place, sealed for another; null when it could not be opened. */
async function resealAt(
  keys: FabricKeys,
  stored: { kid: string; sealed: string },
  from: SealContext,
  key: VerifiedFabricKey,
  to: SealContext,
): Promise<string | null> {
  try {
    const opening = await keys.privateKey(from.fabricId, stored.kid);
    // Its key agreement is not cached: this value is not in use, and would take the place of one that is.
    const bytes = open(stored.sealed, { ...opening, agreed: new Map() }, from).revealBytes();
    return await seal(key, to, bytes).finally(() => wipeBytes(bytes));
  } catch (error) {
    if (error instanceof CannotOpen) return null;
    throw error;
  }
}
