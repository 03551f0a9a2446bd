import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { openGoogleKey } from "@/lib/kms/providers/google";
import { type Answer, type Asked, createAnswering, createSecretKey } from "@/testing/key-services/answering";
import { canaryCredential, type KeyService, type Situation } from "@/testing/key-services/key-service";
import { serveNamedHosts } from "@/testing/key-services/named-hosts";

const ring = "projects/acme/locations/europe-west3/keyRings/selvage/cryptoKeys";
const names = [`${ring}/main`, `${ring}/other`] as const;

const error = (code: number, status: string, message: string): Answer => ({
  status: code,
  body: { error: { code, message, status } },
});

/** cloud.google.com/kms/docs/reference/rest: encrypt, decrypt, get, and cloud.google.com/apis/design/errors. */
const faults: Partial<Record<Situation, (name: string) => Answer>> = {
  denied: (name) =>
    error(
      403,
      "PERMISSION_DENIED",
      `Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource '${name}' (or it may not exist).`,
    ),
  "wrong credentials": () =>
    error(
      401,
      "UNAUTHENTICATED",
      "Request had invalid authentication credentials. Expected OAuth 2 access token",
    ),
  missing: (name) => error(404, "NOT_FOUND", `CryptoKey ${name} not found.`),
  throttled: () =>
    error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Cryptographic requests'"),
  failing: () => error(503, "UNAVAILABLE", "The service is currently unavailable."),
};
const versionStates: Partial<Record<Situation, string>> = {
  disabled: "DISABLED",
  "scheduled for deletion": "DESTROY_SCHEDULED",
};

/** Castagnoli's polynomial, bit by bit: another implementation than the one that it judges. */
function checksum(bytes: Buffer): string {
  let rest = 0xffffffffn;
  for (const byte of bytes) {
    rest ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1n ? (rest >> 1n) ^ 0x82f63b78n : rest >> 1n;
  }
  return String(rest ^ 0xffffffffn);
}

/** A stand-in of Cloud KMS and of the token server. The credentials are those of a workload identity. */
export async function startGoogle(): Promise<KeyService & { port: number }> {
  const keys = new Map<string, ReturnType<typeof createSecretKey>>(
    names.map((name) => [name, createSecretKey()]),
  );

  function answer({ request, path, body }: Asked, situation: Situation): Answer {
    const [, name = "", operation = ""] = /^\/v1\/(projects[^:?]*)(?::(\w+))?/.exec(path) ?? [];
    if (request.headers.authorization !== `Bearer ${canaryCredential}`)
      return error(401, "UNAUTHENTICATED", "Request is missing required authentication credential.");
    const key = keys.get(name);
    if (!key) return error(404, "NOT_FOUND", `CryptoKey ${name} not found.`);
    const named = situation === "the name of another key" ? names.find((one) => one !== name) : name;
    if (faults[situation]) return faults[situation](name);
    if (operation === "") {
      const primary = {
        name: `${named}/cryptoKeyVersions/1`,
        state: versionStates[situation] ?? "ENABLED",
      };
      return { status: 200, body: { name: named, purpose: "ENCRYPT_DECRYPT", primary } };
    }
    const state = versionStates[situation];
    if (state)
      return error(
        400,
        "FAILED_PRECONDITION",
        `${name}/cryptoKeyVersions/1 is not enabled, current state is: ${state}.`,
      );
    const bytes = (member: string) => Buffer.from(body[member] ?? "", "base64");
    const aad = bytes("additionalAuthenticatedData");
    const given = operation === "encrypt" ? "plaintext" : "ciphertext";
    if (body[`${given}Crc32c`] !== checksum(bytes(given)))
      return error(400, "INVALID_ARGUMENT", `The checksum in field ${given}_crc32c did not match the data.`);
    if (body.additionalAuthenticatedDataCrc32c !== checksum(aad))
      return error(400, "INVALID_ARGUMENT", "The checksum did not match the additional authenticated data.");
    if (operation === "encrypt") {
      const ciphertext = key.encrypt(bytes("plaintext"), aad.toString());
      return {
        status: 200,
        body: {
          name: `${named}/cryptoKeyVersions/1`,
          ciphertext: ciphertext.toString("base64"),
          ciphertextCrc32c: checksum(ciphertext),
          verifiedPlaintextCrc32c: true,
          verifiedAdditionalAuthenticatedDataCrc32c: true,
          protectionLevel: "SOFTWARE",
        },
      };
    }
    const plain = key.decrypt(bytes("ciphertext"), aad.toString());
    if (!plain) return error(400, "INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.");
    const answered = situation === "a key of 31 bytes" ? plain.subarray(1) : plain;
    return {
      status: 200,
      body: {
        plaintext: answered.toString("base64"),
        plaintextCrc32c: checksum(answered),
        usedPrimary: true,
      },
    };
  }

  const { serve, ...situations } = createAnswering(answer);
  const hosts = await serveNamedHosts(
    ["cloudkms.googleapis.com", "sts.googleapis.com"],
    async (request, response) => {
      if (request.headers.host !== "sts.googleapis.com") return serve(request, response);
      response.setHeader("content-type", "application/json");
      const issued = { issued_token_type: "urn:ietf:params:oauth:token-type:access_token", expires_in: 3600 };
      response.end(JSON.stringify({ ...issued, token_type: "Bearer", access_token: canaryCredential }));
    },
  );
  const folder = await mkdtemp(join(tmpdir(), "selvage-google-"));
  const identity = join(folder, "token");
  await writeFile(identity, "a token of the workload's own issuer");
  const credentials = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/own",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: "https://sts.googleapis.com/v1/token",
    credential_source: { file: identity },
  };
  await writeFile(join(folder, "credentials.json"), JSON.stringify(credentials));
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(folder, "credentials.json"));
  return {
    open: () => openGoogleKey({ keyId: names[0] }),
    openOther: () => openGoogleKey({ keyId: names[1] }),
    port: hosts.port,
    ...situations,
    async close() {
      await hosts.close();
      await rm(folder, { recursive: true });
    },
  };
}
