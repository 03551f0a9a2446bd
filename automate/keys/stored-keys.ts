import { createPublicKey } from "node:crypto";
import type { JWK } from "jose";
import type { FabricKeys } from "@/automate/keys/fabric-keys";
import type { WrappedPrivateKey } from "@/automate/keys/wrap-private-key";
import { db } from "@/lib/db/client";
import { KeyServiceFault } from "@/lib/kms/define";

const batchSize = 100;

/** A row of `fabric_key`. */
export type StoredKey = WrappedPrivateKey & {
  kid: string;
  fabricId: string;
  publicJwk: string;
  signature: string;
};

/** All fabric keys, read in batches. */
export async function* storedKeys(): AsyncGenerator<StoredKey> {
  for (let after = ""; ; ) {
    const rows = await db.fabricKey.findMany({
      where: { kid: { gt: after } },
      orderBy: { kid: "asc" },
      take: batchSize,
      select: {
        kid: true,
        fabricId: true,
        publicJwk: true,
        signature: true,
        masterKeyId: true,
        wrappedPrivate: true,
        wrappedKey: true,
      },
    });
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < batchSize) return;
    after = last.kid;
  }
}

/**
 * Returns a sentence that says why a fabric key is not as automate made it, otherwise undefined. Its master key
 * must be the primary, a former one or one of its own team, must unwrap it, and the private half must belong to
 * the public half. Judges only this row, because somebody may change it meanwhile.
 */
export async function faultOfKey(keys: FabricKeys, row: StoredKey): Promise<string | undefined> {
  // The owner of a team's key service can wrap a key pair for any fabric.
  const { team } = keys.keyring.find(row.masterKeyId) ?? {};
  if (team !== undefined && (await teamOf(row.fabricId)) !== team)
    return "Its master key belongs to another team.";
  const opening = await keys.unwrapRestored(row).catch((error: Error) => error);
  if (opening instanceof KeyServiceFault) return opening.message;
  if (opening instanceof Error) return "Its private half cannot be unwrapped: it was changed.";
  const { x } = createPublicKey(opening.key).export({ format: "jwk" });
  const stored: JWK = JSON.parse(row.publicJwk);
  const isSame = stored.kty === "OKP" && stored.crv === "X25519" && stored.x === x;
  return isSame ? undefined : "Its public half does not belong to its private half: somebody replaced it.";
}

async function teamOf(fabricId: string): Promise<string | undefined> {
  const fabric = await db.fabric.findUnique({ where: { id: fabricId }, select: { teamId: true } });
  return fabric?.teamId;
}
