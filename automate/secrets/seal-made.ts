import type { FabricKeys } from "@/automate/keys/fabric-keys";
import { seal } from "@/lib/crypto/seal";
import { wipeBytes } from "@/lib/wipe";

/** The place of a value that automate made: a candidate of the secret. */
type Place = { fabricId: string; secretId: string; subKind: string; version: number };

/**
 * Seals the fields of a value that automate itself made, to the newest key of its fabric, as web seals those that
 * people enter. Returns the rows of `secret_field`.
 */
export async function sealMade(
  keys: FabricKeys,
  { fabricId, secretId, subKind, version }: Place,
  fields: Readonly<Record<string, string>>,
) {
  const key = await keys.newestSealingKey(fabricId);
  return Promise.all(
    Object.entries(fields).map(async ([field, value]) => {
      const bytes = new TextEncoder().encode(value);
      const context = { fabricId, secretId, subKind, field, version };
      const sealed = await seal(key, context, bytes).finally(() => wipeBytes(bytes));
      return { secretId, field, version, fabricId, kid: key.kid, sealed };
    }),
  );
}
