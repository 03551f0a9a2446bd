import "server-only";
import type { SealContext } from "@/lib/crypto/context";
import { UntrustedFabricKey, type VerifiedFabricKey, verifyFabricKey } from "@/lib/crypto/fabric-key";
import { seal } from "@/lib/crypto/seal";
import type { Db, Tx } from "@/lib/db/client";
import { statement } from "@/lib/db/prepared";
import { webEnv } from "@/lib/env";
import { wipeBytes } from "@/lib/wipe";

type KeyRow = { kid: string; fabricId: string; publicJwk: string; signature: string };

const newestKey = statement<KeyRow>(
  `SELECT kid, "fabricId", "publicJwk", signature FROM fabric_key
   WHERE "fabricId" = $1 ORDER BY "createdAt" DESC, kid DESC LIMIT 1`,
);

/**
 * The key that new values of a fabric are sealed to: its newest one, if automate signed it. It is read for each seal, in the
 * caller's transaction where there is one. Throws `UntrustedFabricKey`.
 */
export async function sealingKey(fabricId: string, client?: Db | Tx): Promise<VerifiedFabricKey> {
  const [row] = await (client ? newestKey.within(client, fabricId) : newestKey(fabricId));
  if (!row) throw new UntrustedFabricKey(`Fabric ${fabricId} has no key to seal to.`);
  return verified(row);
}

const maxKnown = 1024;
const known = new Map<string, VerifiedFabricKey>();

/** A row that is the same in every byte as one that was verified needs no second look: the outcome depends on nothing else. */
async function verified(row: KeyRow): Promise<VerifiedFabricKey> {
  const bytes = JSON.stringify([row.fabricId, row.kid, row.publicJwk, row.signature]);
  const found = known.get(bytes);
  if (found) return found;
  const key = await verifyFabricKey(row, webEnv().AUTOMATE_PUBLIC_KEY);
  const [oldest] = known.keys();
  if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest);
  known.set(bytes, key);
  return key;
}

/** Rows of sealed fields, as a version writes them. */
export type SealedFields = Awaited<ReturnType<typeof sealFields>>;

/** What a new version writes: one sealed row for each field that is set in it. */
export async function sealFields(
  key: VerifiedFabricKey,
  place: { secretId: string; subKind: string; version: number },
  fields: Readonly<Record<string, string | Uint8Array | null | undefined>>,
) {
  const set = Object.entries(fields).filter(
    (entry): entry is [string, string | Uint8Array] => entry[1] !== undefined && entry[1] !== null,
  );
  return Promise.all(
    set.map(async ([field, value]) => ({
      secretId: place.secretId,
      field,
      version: place.version,
      fabricId: key.fabricId,
      kid: key.kid,
      sealed: await sealValue(key, { fabricId: key.fabricId, field, ...place }, value),
    })),
  );
}

async function sealValue(key: VerifiedFabricKey, context: SealContext, value: string | Uint8Array) {
  if (typeof value !== "string") return seal(key, context, value);
  const bytes = new TextEncoder().encode(value);
  return seal(key, context, bytes).finally(() => wipeBytes(bytes));
}
