import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { v7 as uuidv7 } from "uuid";
import { isSignedBy, publicHalf, signFabricKey } from "@/automate/keys/sign-fabric-key";
import { unwrapPrivateKey, type WrappedPrivateKey, wrapPrivateKey } from "@/automate/keys/wrap-private-key";
import { UntrustedFabricKey, type VerifiedFabricKey, verifyFabricKey } from "@/lib/crypto/fabric-key";
import { CannotOpen, type OpeningKey } from "@/lib/crypto/open";
import { type Db, db } from "@/lib/db/client";
import { type KeyContext, KeyServiceFault, type MasterKey } from "@/lib/kms/define";
import type { Keyring } from "@/lib/kms/keyring";

/** How long an unwrapped private key serves without its master key. */
const cacheForMs = 5 * 60_000;
/** How long a fault of the key service is remembered, so that each fabric asks it at most this often. */
const faultForMs = 2_000;

type Cached = { key: Promise<OpeningKey>; until: number; isUsable: boolean };

/** Creates and unwraps fabric keys. Private keys stay in memory for minutes. */
export function createFabricKeys(
  client: Db,
  keyring: Keyring,
  signingKey: JWK,
  { now = Date.now }: { now?: () => number } = {},
) {
  const cache = new Map<string, Map<string, Cached>>();
  const unwrapping = new Map<string, Promise<void>>();

  /** Returns the private key `kid` of a fabric. Throws `CannotOpen` when it is missing or was tampered with. */
  function privateKey(fabricId: string, kid: string): Promise<OpeningKey> {
    const ofFabric = cache.get(fabricId) ?? new Map<string, Cached>();
    const cached = ofFabric.get(kid);
    if (cached && now() < cached.until) return cached.key;
    const entry: Cached = {
      key: unwrap(client, keyring, fabricId, kid),
      until: Number.POSITIVE_INFINITY,
      isUsable: false,
    };
    cache.set(fabricId, ofFabric.set(kid, entry));
    const forget = () => {
      if (ofFabric.get(kid) === entry) ofFabric.delete(kid);
      if (ofFabric.size === 0 && cache.get(fabricId) === ofFabric) cache.delete(fabricId);
    };
    const keepFor = (ms: number) => {
      entry.until = now() + ms;
      setTimeout(forget, ms).unref();
    };
    entry.key.then(
      () => {
        entry.isUsable = true;
        keepFor(cacheForMs);
      },
      (error: unknown) => (error instanceof KeyServiceFault ? keepFor(faultForMs) : forget()),
    );
    return entry.key;
  }

  function forget(fabricId: string, kid: string): void {
    const ofFabric = cache.get(fabricId);
    ofFabric?.delete(kid);
    if (ofFabric?.size === 0) cache.delete(fabricId);
  }

  /** Unwraps the newest key of a fabric. The caller finds a value that does not open, and raises the alarm. */
  async function unwrapNewest(fabricId: string): Promise<void> {
    const newest = await newestKid(client, fabricId);
    if (newest) await privateKey(fabricId, newest).catch(ignoreCannotOpen);
  }

  return {
    keyring,
    privateKey,

    /** Forgets the private keys in memory that are destroyed, so that this copy cannot open with them either. */
    async forgetDestroyed(): Promise<void> {
      const cached = [...cache].flatMap(([fabricId, ofFabric]) =>
        [...ofFabric.keys()].map((kid) => ({ fabricId, kid })),
      );
      if (cached.length === 0) return;
      const rows = await client.$queryRaw<{ kid: string }[]>`
        SELECT kid FROM fabric_key WHERE kid = ANY(${cached.map(({ kid }) => kid)}::text[])`;
      const present = new Set(rows.map(({ kid }) => kid));
      for (const { fabricId, kid } of cached) if (!present.has(kid)) forget(fabricId, kid);
    },

    /** Returns the public key `kid` of a fabric, for resealing. Throws `UntrustedFabricKey` unless automate signed it. */
    async sealingKey(fabricId: string, kid: string): Promise<VerifiedFabricKey> {
      const row = await client.fabricKey.findFirst({
        where: { kid, fabricId },
        select: { kid: true, fabricId: true, publicJwk: true, signature: true },
      });
      if (!row) throw new UntrustedFabricKey(`Fabric ${fabricId} has no key ${kid}.`);
      return verifyFabricKey(row, [publicHalf(signingKey)]);
    },

    /** The newest public key of a fabric, to which new values are sealed. Throws `UntrustedFabricKey`. */
    async newestSealingKey(fabricId: string): Promise<VerifiedFabricKey> {
      return this.sealingKey(fabricId, (await newestKid(client, fabricId)) ?? "");
    },

    /**
     * Makes a key pair: signs the public half and wraps the private half with `masterKey`, or with the primary.
     * Calls the key service, so not inside a transaction. Store what it returns as a row of `fabric_key`.
     */
    async newPair(fabricId: string, masterKey: MasterKey = keyring.primary) {
      const kid = await newerKid(client, fabricId);
      const { publicKey, privateKey } = await generateKeyPair("ECDH-ES", {
        crv: "X25519",
        extractable: true,
      });
      const publicJwk = await exportJWK(publicKey);
      return {
        kid,
        fabricId,
        publicJwk: JSON.stringify(publicJwk),
        signature: await signFabricKey({ fabricId, kid, publicJwk }, signingKey),
        ...(await wrapPrivateKey(masterKey, await exportJWK(privateKey), { fabricId, kid })),
      };
    },

    /**
     * Unwraps the newest key of a fabric, unless one is in memory. Throws `KeyServiceFault` when its master key is
     * not usable, so that nothing is recorded, reserved or claimed for an opening that cannot happen.
     */
    async requireUsable(fabricId: string): Promise<void> {
      for (const { until, isUsable } of cache.get(fabricId)?.values() ?? [])
        if (isUsable && now() < until) return;
      const running =
        unwrapping.get(fabricId) ?? unwrapNewest(fabricId).finally(() => unwrapping.delete(fabricId));
      unwrapping.set(fabricId, running);
      await running;
    },

    /**
     * Unwraps a key as given, such as one of a restored backup, and keeps it nowhere. Throws `KeyServiceFault` when its
     * master key is not usable, and `CannotOpen`.
     */
    async unwrapRestored({ fabricId, kid, ...wrapped }: WrappedPrivateKey & KeyContext): Promise<OpeningKey> {
      return unwrapPrivateKey(keyring.get(wrapped.masterKeyId), wrapped, { fabricId, kid });
    },

    /** The label of a master key; undefined if the keyring has no such key. */
    labelOf(fingerprint: string): string | undefined {
      return keyring.find(fingerprint)?.label;
    },
  };
}

export type FabricKeys = ReturnType<typeof createFabricKeys>;

/**
 * An id that sorts after those of the fabric's other keys, also when the clock was set back. The id is signed and
 * sealed, so it says which key is newer although somebody may change the database.
 */
async function newerKid(client: Db, fabricId: string): Promise<string> {
  const newest = await newestKid(client, fabricId);
  const after = newest ? Number.parseInt(newest.replace("-", "").slice(0, 12), 16) + 1 : 0;
  return uuidv7({ msecs: Math.max(Date.now(), after) });
}

async function newestKid(client: Db, fabricId: string): Promise<string | undefined> {
  const keys = await client.fabricKey.findMany({ where: { fabricId }, select: { kid: true } });
  return keys
    .map(({ kid }) => kid)
    .sort()
    .at(-1);
}

function ignoreCannotOpen(error: unknown): void {
  if (!(error instanceof CannotOpen)) throw error;
}

/**
 * Returns a warning when another signing key signed the newest fabric key, otherwise undefined. Automate
 * still starts and reads secrets, but web refuses to seal to such a fabric.
 */
export async function foreignSigningKey(signingKey: JWK): Promise<string | undefined> {
  const newest = await db.fabricKey.findFirst({
    orderBy: { createdAt: "desc" },
    select: { fabricId: true, kid: true, publicJwk: true, signature: true },
  });
  if (!newest) return undefined;
  if (await isSignedBy(signingKey, newest)) return undefined;
  return `AUTOMATE_SIGNING_KEY (${await calculateJwkThumbprint(publicHalf(signingKey))}) did not sign the newest fabric key. Restore the previous signing key from your backup, or sign the keys of all fabrics with the present one: npm run admin -- keys resign. Until then secrets can be read, but not written to fabrics whose key another signing key signed.`;
}

async function unwrap(client: Db, keyring: Keyring, fabricId: string, kid: string): Promise<OpeningKey> {
  const row = await client.fabricKey.findFirst({
    where: { kid, fabricId },
    select: { wrappedPrivate: true, wrappedKey: true, masterKeyId: true },
  });
  if (!row) throw new CannotOpen();
  return unwrapPrivateKey(keyring.get(row.masterKeyId), row, { fabricId, kid });
}
