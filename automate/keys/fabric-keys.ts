import {
  CompactEncrypt,
  CompactSign,
  calculateJwkThumbprint,
  compactDecrypt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";
import { v7 as uuidv7 } from "uuid";
import { fabricKeyStatement, verifyFabricKey } from "@/lib/crypto/fabric-key";
import { CannotOpen, type OpeningKey, openingKey } from "@/lib/crypto/open";
import { type Db, db, type Tx } from "@/lib/db/client";
import { contextText, type KeyContext, type MasterKey } from "@/lib/kms/define";

const cacheForMs = 5 * 60_000;

/** Creates and unwraps fabric keys. Private keys stay in memory for minutes. */
export function createFabricKeys(client: Db, masterKey: MasterKey, signingKey: JWK) {
  const cache = new Map<string, Promise<OpeningKey>>();
  return {
    /** Creates a fabric key: signs the public half and wraps the private half. Returns its kid. */
    async create(tx: Tx, fabricId: string): Promise<string> {
      const kid = uuidv7();
      const { publicKey, privateKey } = await generateKeyPair("ECDH-ES", {
        crv: "X25519",
        extractable: true,
      });
      const publicJwk = await exportJWK(publicKey);
      const wrapped = await wrap(masterKey, await exportJWK(privateKey), { fabricId, kid });
      await tx.fabricKey.create({
        data: {
          kid,
          fabricId,
          publicJwk: JSON.stringify(publicJwk),
          signature: await sign(fabricKeyStatement(fabricId, kid, publicJwk), signingKey),
          ...wrapped,
          masterKeyId: masterKey.fingerprint,
        },
        select: { kid: true },
      });
      return kid;
    },

    /** Returns the private key `kid` of a fabric. Throws `CannotOpen` when it is missing or was tampered with. */
    privateKey(fabricId: string, kid: string): Promise<OpeningKey> {
      const id = `${fabricId}/${kid}`;
      const cached = cache.get(id);
      if (cached) return cached;
      const key = unwrap(client, masterKey, fabricId, kid);
      cache.set(id, key);
      const forget = () => cache.delete(id);
      key.then(() => setTimeout(forget, cacheForMs).unref(), forget);
      return key;
    },
  };
}

export type FabricKeys = ReturnType<typeof createFabricKeys>;

/** Throws `WrongMasterKey` when another master key wrapped the keys in the database. */
export async function requireMasterKey(masterKey: MasterKey): Promise<void> {
  const other = await db.fabricKey.findFirst({
    where: { masterKeyId: { not: masterKey.fingerprint } },
    select: { masterKeyId: true },
  });
  if (!other) return;
  throw new WrongMasterKey(
    `Wrong master key (${masterKey.fingerprint}): this database was sealed under ${other.masterKeyId}. Restore that master key from your backup.`,
  );
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
  const { kty = "", crv = "", x = "" } = signingKey;
  const isOurs = await verifyFabricKey(newest, { kty, crv, x }).then(
    () => true,
    () => false,
  );
  if (isOurs) return undefined;
  return `AUTOMATE_SIGNING_KEY (${await calculateJwkThumbprint({ kty, crv, x })}) did not sign the newest fabric key. Restore the previous signing key from your backup. Secrets can be read, but not written to fabrics whose key another signing key signed.`;
}

/** Another master key wrapped the keys in the database. */
export class WrongMasterKey extends Error {
  override name = "WrongMasterKey";
}

/**
 * Encrypts the private key as a JWE under a one-time key that the master key wraps. The binding to the
 * fabric therefore does not depend on the provider.
 */
async function wrap(
  masterKey: MasterKey,
  privateJwk: JWK,
  context: KeyContext,
): Promise<{ wrappedPrivate: string; wrappedKey: string }> {
  const oneTimeKey = crypto.getRandomValues(new Uint8Array(32));
  const wrappedPrivate = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(privateJwk)))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", ctx: contextText(context) })
    .encrypt(oneTimeKey);
  return { wrappedPrivate, wrappedKey: await masterKey.wrap(oneTimeKey, context) };
}

async function unwrap(client: Db, masterKey: MasterKey, fabricId: string, kid: string): Promise<OpeningKey> {
  const row = await client.fabricKey.findFirst({
    where: { kid, fabricId },
    select: { wrappedPrivate: true, wrappedKey: true },
  });
  if (!row) throw new CannotOpen();
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(
      row.wrappedPrivate,
      await masterKey.unwrap(row.wrappedKey, { fabricId, kid }),
      {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      },
    );
    if (protectedHeader.ctx !== contextText({ fabricId, kid }) || "zip" in protectedHeader)
      throw new CannotOpen();
    return openingKey(kid, JSON.parse(new TextDecoder().decode(plaintext)));
  } catch {
    throw new CannotOpen();
  }
}

async function sign(statement: string, signingKey: JWK): Promise<string> {
  const key = await importJWK(signingKey, "EdDSA");
  return new CompactSign(new TextEncoder().encode(statement))
    .setProtectedHeader({ alg: "EdDSA", typ: "selvage-fabric-key" })
    .sign(key);
}
