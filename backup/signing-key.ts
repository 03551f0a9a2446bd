import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { calculateJwkThumbprint, type JWK } from "jose";
import * as z from "zod";
import { BackupRefused } from "@/backup/refused";
import { NotSigned, signerOf, verifyStatement } from "@/lib/backups/statement";
import { automatePublicKeys } from "@/lib/env";

/** Beside the manifest: the public half of the key that signed it, as JWK Set. */
export const signingKeyFile = "signing-key.jwks";

const publicKey = z.strictObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() });
const keySet = z.object({ keys: z.array(publicKey).min(1).max(4) });

/** Writes the key that signed a backup beside it. Throws `BackupRefused` when it is none of these. */
export async function writeSigningKey(
  folder: string,
  signature: string,
  publicKeys: readonly JWK[],
): Promise<void> {
  const signer = await withFingerprint(publicKeys, signerOf(signature));
  await verifyStatement("selvage-backup", signature, signer).catch((error) => {
    if (!(error instanceof NotSigned)) throw error;
    throw new BackupRefused(
      `Automate signed the backup with the key ${signerOf(signature)}, which AUTOMATE_PUBLIC_KEY does not contain. Nothing was kept.`,
    );
  });
  const text = `${JSON.stringify({ keys: signer }, null, 2)}\n`;
  await writeFile(join(folder, signingKeyFile), text, { mode: 0o600, flush: true });
}

/**
 * The keys that may have signed a backup: those in AUTOMATE_PUBLIC_KEY, or the one beside the backup that has this
 * fingerprint. An attacker who changes a backup can replace that key too, so it counts only with a fingerprint from
 * elsewhere.
 */
export async function acceptedKeys(folder: string, fingerprint: string | undefined): Promise<readonly JWK[]> {
  if (fingerprint === undefined) return automatePublicKeys();
  const file = join(folder, signingKeyFile);
  const text = await readFile(file, "utf8").catch(() => {
    throw new BackupRefused(
      `${file} is missing: put the public half of automate's signing key there as JWK Set, or into AUTOMATE_PUBLIC_KEY without --signed-by. Nothing was changed.`,
    );
  });
  const parsed = keySet.safeParse(parseJson(text));
  if (!parsed.success) throw new BackupRefused(`${file} is no JWK Set of Ed25519 keys. Nothing was changed.`);
  const accepted = await withFingerprint(parsed.data.keys, fingerprint);
  if (accepted.length === 0)
    throw new BackupRefused(
      `No key in ${file} has the fingerprint ${fingerprint}: it is another backup's, or somebody changed it. Nothing was changed.`,
    );
  return accepted;
}

async function withFingerprint(keys: readonly JWK[], fingerprint: string): Promise<JWK[]> {
  const own = await Promise.all(keys.map((key) => calculateJwkThumbprint(key)));
  return keys.filter((_key, index) => own[index] === fingerprint);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
