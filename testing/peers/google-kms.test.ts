import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { crc32c } from "@/lib/kms/crc32c";
import { startGoogle } from "@/testing/key-services/google";
import { runProgram } from "@/testing/peers/real-server";

const folder = join(import.meta.dirname, "../../.peers/google-kms");
const version = "6.3.0";
const context = { fabricId: "0193-fabric", kid: "0193-key" };

type Bytes = Uint8Array;
/** The part of `@google-cloud/kms` that the test uses. */
type Client = {
  encrypt(request: object): Promise<[{ ciphertext: Bytes; verifiedPlaintextCrc32c: boolean }]>;
  decrypt(request: object): Promise<[{ plaintext: Bytes; plaintextCrc32c: { value: string } }]>;
  getCryptoKey(request: object): Promise<[{ name: string; purpose: string }]>;
  close(): Promise<void>;
};

test("Google's own client for KMS and the provider open what the other wrapped, at the stand-in", async () => {
  await mkdir(folder, { recursive: true });
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder];
  await runProgram("npm", ["install", ...options, `@google-cloud/kms@${version}`], "Install npm.");
  const service = await startGoogle();
  const master = await service.open();
  // Otherwise this client asks other services for its project.
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "acme");
  const { KeyManagementServiceClient } = createRequire(join(folder, "package.json"))("@google-cloud/kms");
  const client: Client = new KeyManagementServiceClient({
    fallback: true,
    apiEndpoint: "localhost",
    port: service.port,
  });
  const name = master.keyId;
  const key = new Uint8Array(32).fill(7);
  const aad = Buffer.from(`${context.fabricId}/${context.kid}`);
  const bound = {
    name,
    additionalAuthenticatedData: aad,
    additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
  };

  const [found] = await client.getCryptoKey({ name });
  expect(found).toMatchObject({ name, purpose: "ENCRYPT_DECRYPT" });
  const [made] = await client.encrypt({ ...bound, plaintext: key, plaintextCrc32c: { value: crc32c(key) } });
  expect(made.verifiedPlaintextCrc32c).toBe(true);
  expect(await master.unwrap(Buffer.from(made.ciphertext).toString("base64"), context)).toEqual(key);

  const ciphertext = Buffer.from(await master.wrap(key, context), "base64");
  const request = { ...bound, ciphertext, ciphertextCrc32c: { value: crc32c(ciphertext) } };
  const [opened] = await client.decrypt(request);
  expect(new Uint8Array(opened.plaintext)).toEqual(key);
  expect(String(opened.plaintextCrc32c.value)).toBe(crc32c(key));

  await client.close();
  await service.close();
  vi.unstubAllEnvs();
}, 300_000);
