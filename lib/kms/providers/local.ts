import { createHmac } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";
import * as z from "zod";
import { BadMasterKey, CannotUnwrap, contextText, type KeyContext, type MasterKey } from "@/lib/kms/define";
import { readOwnerOnly } from "@/lib/kms/owner-only-file";

/** A master key in a file: 32 bytes in base64url, readable only by its owner. */
export const localKey = z.strictObject({
  provider: z.literal("local"),
  /** The path of the file. */
  file: z.string().min(1),
});

/**
 * Opens a master key in a file. Wraps keys as compact JWE with `A256GCMKW` (RFC 7518 §4.7). The protected header
 * `ctx` binds a wrapped key to its fabric and kid; keys from before there was a context have none.
 */
export async function openLocalKey({ file }: Pick<z.infer<typeof localKey>, "file">): Promise<MasterKey> {
  const master = await readMasterKey(file);
  const fingerprint = createHmac("sha256", master)
    .update("selvage master key id")
    .digest("base64url")
    .slice(0, 16);
  return {
    provider: "local",
    keyId: file,
    fingerprint,
    wrap: (key, context) =>
      new CompactEncrypt(key)
        .setProtectedHeader({ alg: "A256GCMKW", enc: "A256GCM", ctx: contextText(context) })
        .encrypt(master),
    unwrap: (wrapped, context) => unwrap(master, wrapped, context),
    describe: async () => ({ provider: "local", keyId: file, fingerprint, state: "enabled" }),
  };
}

async function unwrap(master: Uint8Array, wrapped: string, context: KeyContext): Promise<Uint8Array> {
  const opened = await compactDecrypt(wrapped, master, {
    keyManagementAlgorithms: ["A256GCMKW"],
    contentEncryptionAlgorithms: ["A256GCM"],
  }).catch(() => undefined);
  const bound = opened?.protectedHeader.ctx;
  if (!opened || (bound !== undefined && bound !== contextText(context)))
    throw new CannotUnwrap("Another master key wrapped this key, or it was changed.");
  return opened.plaintext;
}

async function readMasterKey(file: string): Promise<Uint8Array> {
  const text = await readOwnerOnly(file, "The master key file");
  const bytes = Buffer.from(text.trim(), "base64url");
  if (bytes.length !== 32)
    throw new BadMasterKey(`The master key file ${file} does not contain 32 bytes in base64url.`);
  return new Uint8Array(bytes);
}
