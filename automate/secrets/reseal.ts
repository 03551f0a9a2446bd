import type { FabricKeys } from "@/automate/keys/fabric-keys";
import type { ResealedValue, StoredValue } from "@/automate/keys/rotate-fabric-key";
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
  try {
    const key = await keys.privateKey(to.fabricId, kid);
    // With an empty cache of key agreements, so that those of values in use stay in theirs.
    const bytes = open(sealed, { ...key, agreed: new Map() }, context).revealBytes();
    const again = await seal(to, context, bytes).finally(() => wipeBytes(bytes));
    return { ...position, formerSealed: sealed, sealed: again };
  } catch (error) {
    if (error instanceof CannotOpen) return { ...position, formerSealed: sealed, sealed: null };
    throw error;
  }
}
