import { createHmac } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { CompactEncrypt, compactDecrypt } from "jose";
import type { Kms } from "@/lib/kms/define";

/** The master key file is missing, unreadable or malformed. The message says which. */
class BadMasterKey extends Error {
  override name = "BadMasterKey";
}

/**
 * A KMS with its master key in a file: 32 bytes in base64url, readable only by its owner.
 * Wraps keys as compact JWE with `A256GCMKW` (RFC 7518 §4.7).
 */
export async function openLocalKms(file: string): Promise<Kms> {
  const master = await readMasterKey(file);
  return {
    masterKeyId: createHmac("sha256", master)
      .update("selvage master key id")
      .digest("base64url")
      .slice(0, 16),
    wrap: (key) =>
      new CompactEncrypt(key).setProtectedHeader({ alg: "A256GCMKW", enc: "A256GCM" }).encrypt(master),
    unwrap: async (wrapped) => {
      const { plaintext } = await compactDecrypt(wrapped, master, {
        keyManagementAlgorithms: ["A256GCMKW"],
        contentEncryptionAlgorithms: ["A256GCM"],
      });
      return plaintext;
    },
  };
}

async function readMasterKey(file: string): Promise<Uint8Array> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new BadMasterKey(
      `The master key file ${file} is missing or cannot be read: restore it from your backup.`,
    );
  });
  const { mode } = await stat(file);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new BadMasterKey(`The master key file ${file} can be read by others: set its mode to 600.`);
  }
  const bytes = Buffer.from(text.trim(), "base64url");
  if (bytes.length !== 32)
    throw new BadMasterKey(`The master key file ${file} does not contain 32 bytes in base64url.`);
  return new Uint8Array(bytes);
}
