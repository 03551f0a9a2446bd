import { createDecipheriv, createPrivateKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { openLocalKey } from "@/lib/kms/providers/local";
import vectors from "@/lib/kms/vectors/wrapped-keys.json";
import { startAzure } from "@/testing/key-services/azure";
import { startTransit } from "@/testing/key-services/transit";

/*
 * Wrapped keys of every format that was ever written, with throw-away master keys. They have to open in every
 * future version: lines are added to the file, and none is changed. `testing/peers/softhsm.test.ts` opens those of PKCS#11
 * in a token.
 */

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");

describe("wrapped keys of every format open for ever", () => {
  test.each(vectors.local.keys)("local: $note", async ({ masterKey, wrapped, opened, fabricId, kid }) => {
    const folder = await mkdtemp(join(tmpdir(), "selvage-vectors-"));
    const file = join(folder, "master.key");
    await writeFile(file, masterKey, { mode: 0o600 });
    const master = await openLocalKey({ file });
    expect(text(await master.unwrap(wrapped, { fabricId, kid }))).toBe(opened);
    await rm(folder, { recursive: true });
  });

  test.each(vectors.azure.keys)("azure: $note", async ({ privateKey, wrapped, opened, fabricId, kid }) => {
    const service = await startAzure(createPrivateKey({ key: privateKey, format: "jwk" }));
    const master = await service.open();
    expect(text(await master.unwrap(wrapped, { fabricId, kid }))).toBe(opened);
    await service.close();
    vi.unstubAllEnvs();
  });

  test.each(vectors.transit.keys)("transit: $note", async ({ masterKey, wrapped, opened, fabricId, kid }) => {
    const service = await startTransit(Buffer.from(masterKey, "base64url"));
    const master = await service.open();
    expect(text(await master.unwrap(wrapped, { fabricId, kid }))).toBe(opened);
    await service.close();
    vi.unstubAllEnvs();
  });

  // The format by its words, without the provider: v1.<96 bits of IV>.<ciphertext and 128 bits of tag>.
  test.each(vectors.pkcs11.keys)("pkcs11: $note", ({ masterKey, wrapped, opened, fabricId, kid }) => {
    const [version, iv = "", sealed = ""] = wrapped.split(".");
    const bytes = Buffer.from(sealed, "base64url");
    const key = Buffer.from(masterKey, "base64url");
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"));
    decipher.setAAD(Buffer.from(`${fabricId}/${kid}`)).setAuthTag(bytes.subarray(-16));
    expect(version).toBe("v1");
    expect(text(Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]))).toBe(opened);
  });
});
