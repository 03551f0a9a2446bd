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

/** Makes and unwraps the key pairs of fabrics. Private keys stay in memory for minutes. */
export function createFabricKeys(client: Db, kms: Kms, signingKey: JWK) {
  const kept = new Map<string, Promise<OpeningKey>>();
  return {
    /** Makes a pair for a fabric: the public half signed, the private half wrapped. Returns its kid. */
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

    /** The private key `kid` of a fabric. Throws `CannotOpen` when it is not there or was tampered with. */
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

/** Throws when the database holds keys that another master key wrapped. */
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
 * What is wrong when the newest fabric key was signed by another key than ours; undefined when nothing is. Reading goes on
 * without it, and so does automate: web seals nothing to such a fabric.
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

/** The master key is not the one that wrapped the keys in the database. */
export class WrongMasterKey extends Error {
  override name = "WrongMasterKey";
}

/** A JWE under a one-time key that the KMS wraps: its binding does not depend on what a provider can bind. */
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
