import "server-only";
import type { SealContext } from "@/lib/crypto/context";
import { UntrustedFabricKey, type VerifiedFabricKey, verifyFabricKey } from "@/lib/crypto/fabric-key";
import { seal } from "@/lib/crypto/seal";
import type { Db, Tx } from "@/lib/db/client";
import { sqlStateOf } from "@/lib/db/errors";
import { preparedQuery } from "@/lib/db/prepared";
import { webEnv } from "@/lib/env";
import { wipeBytes } from "@/lib/wipe";

type KeyRow = { kid: string; fabricId: string; publicJwk: string; signature: string };

/**
 * The newest by its id, which automate signed: somebody who puts a former key back cannot make it the newest.
 * Materialized, so that Postgres reads the keys of one fabric, and not the ids of all in their order.
 */
const newestKey = preparedQuery<KeyRow>(
  `WITH keys AS MATERIALIZED (
     SELECT kid, "fabricId", "publicJwk", signature FROM fabric_key WHERE "fabricId" = $1
   )
   SELECT * FROM keys ORDER BY kid DESC LIMIT 1`,
);

/**
 * Returns the fabric's newest key, to which new values are sealed, after verifying automate's signature. Read
 * for each seal, in the caller's transaction if given.
 * Throws `UntrustedFabricKey`.
 */
export async function sealingKey(fabricId: string, client?: Db | Tx): Promise<VerifiedFabricKey> {
  const [row] = await (client ? newestKey.within(client, fabricId) : newestKey(fabricId));
  if (!row) throw new UntrustedFabricKey(`Fabric ${fabricId} has no fabric key.`);
  return verified(row);
}

const maxCached = 1024;
const verifiedKeys = new Map<string, VerifiedFabricKey>();

/**
 * Verifies a key row, cached by its exact bytes. The result depends on nothing else, so the cache cannot
 * become stale.
 */
async function verified(row: KeyRow): Promise<VerifiedFabricKey> {
  const bytes = JSON.stringify([row.fabricId, row.kid, row.publicJwk, row.signature]);
  const cached = verifiedKeys.get(bytes);
  if (cached) return cached;
  const key = await verifyFabricKey(row, webEnv().AUTOMATE_PUBLIC_KEY);
  const [oldest] = verifiedKeys.keys();
  if (verifiedKeys.size >= maxCached && oldest !== undefined) verifiedKeys.delete(oldest);
  verifiedKeys.set(bytes, key);
  return key;
}

/**
 * Runs a write that seals to the newest key and stores. Runs it once more when a rotation destroyed that key in
 * between: the first attempt then stored nothing.
 */
export async function sealingToNewestKey<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isKeyDestroyed(error)) throw error;
    return write();
  }
}

function isKeyDestroyed(error: unknown): boolean {
  const isReference = sqlStateOf(error) === "23503";
  return isReference && error instanceof Error && error.message.includes("secret_field_kid_fkey");
}

/** The rows of sealed fields that a version stores. */
export type SealedFields = Awaited<ReturnType<typeof sealFields>>;

/** Seals the fields that a new version sets, one row each. Skips fields that are absent or null. */
export async function sealFields(
  key: VerifiedFabricKey,
  context: { secretId: string; subKind: string; version: number },
  fields: Readonly<Record<string, string | Uint8Array | null | undefined>>,
) {
  const set = Object.entries(fields).filter(
    (entry): entry is [string, string | Uint8Array] => entry[1] !== undefined && entry[1] !== null,
  );
  return Promise.all(
    set.map(async ([field, value]) => ({
      secretId: context.secretId,
      field,
      version: context.version,
      fabricId: key.fabricId,
      kid: key.kid,
      sealed: await sealValue(key, { fabricId: key.fabricId, field, ...context }, value),
    })),
  );
}

async function sealValue(key: VerifiedFabricKey, context: SealContext, value: string | Uint8Array) {
  if (typeof value !== "string") return seal(key, context, value);
  const bytes = new TextEncoder().encode(value);
  return seal(key, context, bytes).finally(() => wipeBytes(bytes));
}
