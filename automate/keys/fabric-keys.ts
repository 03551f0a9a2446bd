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
import type { Kms } from "@/lib/kms/define";

const keptForMs = 5 * 60_000;

/** Creates and unwraps fabric keys. Private keys stay in memory for minutes. */
export function createFabricKeys(client: Db, kms: Kms, signingKey: JWK) {
  const kept = new Map<string, Promise<OpeningKey>>();
  return {
    /** Creates a fabric key: signs the public half and wraps the private half. Returns its kid. */
    async create(tx: Tx, fabricId: string): Promise<string> {
      const kid = uuidv7();
      const { publicKey, privateKey } = await generateKeyPair("ECDH-ES", {
        crv: "X25519",
        extractable: true,
      });
      const publicJwk = await exportJWK(publicKey);
      const wrapped = await wrap(kms, await exportJWK(privateKey), `${fabricId}/${kid}`);
      await tx.fabricKey.create({
        data: {
          kid,
          fabricId,
          publicJwk: JSON.stringify(publicJwk),
          signature: await sign(fabricKeyStatement(fabricId, kid, publicJwk), signingKey),
          ...wrapped,
          masterKeyId: kms.masterKeyId,
        },
        select: { kid: true },
      });
      return kid;
    },

    /** Returns the private key `kid` of a fabric. Throws `CannotOpen` when it is missing or was tampered with. */
    privateKey(fabricId: string, kid: string): Promise<OpeningKey> {
      const id = `${fabricId}/${kid}`;
      const known = kept.get(id);
      if (known) return known;
      const key = unwrap(client, kms, fabricId, kid);
      kept.set(id, key);
      const forget = () => kept.delete(id);
      key.then(() => setTimeout(forget, keptForMs).unref(), forget);
      return key;
    },
  };
}

export type FabricKeys = ReturnType<typeof createFabricKeys>;

/** Throws `WrongMasterKey` when another master key wrapped the keys in the database. */
export async function requireMasterKey(kms: Kms): Promise<void> {
  const other = await db.fabricKey.findFirst({
    where: { masterKeyId: { not: kms.masterKeyId } },
    select: { masterKeyId: true },
  });
  if (!other) return;
  throw new WrongMasterKey(
    `The master key (${kms.masterKeyId}) is not the one that this database was sealed under (${other.masterKeyId}): restore that one from your backup.`,
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
  return `AUTOMATE_SIGNING_KEY (${await calculateJwkThumbprint({ kty, crv, x })}) is not the key that signed the newest fabric's key: restore that one from your backup. Secrets open, and none can be written to fabrics that another key signed.`;
}

/** Another master key wrapped the keys in the database. */
export class WrongMasterKey extends Error {
  override name = "WrongMasterKey";
}

/**
 * Encrypts the private key as a JWE under a one-time key that the KMS wraps. The binding to the fabric
 * therefore does not depend on the KMS provider.
 */
async function wrap(
  kms: Kms,
  privateJwk: JWK,
  binding: string,
): Promise<{ wrappedPrivate: string; wrappedKey: string }> {
  const oneTimeKey = crypto.getRandomValues(new Uint8Array(32));
  const wrappedPrivate = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(privateJwk)))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", ctx: binding })
    .encrypt(oneTimeKey);
  return { wrappedPrivate, wrappedKey: await kms.wrap(oneTimeKey) };
}

async function unwrap(client: Db, kms: Kms, fabricId: string, kid: string): Promise<OpeningKey> {
  const row = await client.fabricKey.findFirst({
    where: { kid, fabricId },
    select: { wrappedPrivate: true, wrappedKey: true },
  });
  if (!row) throw new CannotOpen();
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(
      row.wrappedPrivate,
      await kms.unwrap(row.wrappedKey),
      {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      },
    );
    if (protectedHeader.ctx !== `${fabricId}/${kid}` || "zip" in protectedHeader) throw new CannotOpen();
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
