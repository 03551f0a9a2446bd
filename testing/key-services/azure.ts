import { constants, createPublicKey, generateKeyPairSync, privateDecrypt, publicEncrypt } from "node:crypto";
import { createServer } from "node:http";
import { vi } from "vitest";
import { azureKey, openAzureKey } from "@/lib/kms/providers/azure";
import { type Answer, type Asked, createAnswering } from "@/testing/key-services/answering";
import { canaryCredential, type KeyService, type Situation } from "@/testing/key-services/key-service";
import { serveNamedHosts } from "@/testing/key-services/named-hosts";
import { listen } from "@/testing/servers/listening";

const host = "selvage.vault.azure.net";
const version = "5f7f0c2e4d7a4f4aa6a5f9a1c9b6a3d2";

const error = (status: number, code: string, message: string, inner?: string, headers = {}): Answer => ({
  status,
  body: { error: { code, message, ...(inner && { innererror: { code: inner } }) } },
  headers,
});

/** learn.microsoft.com/rest/api/keyvault/keys, and learn.microsoft.com/azure/key-vault/general/rest-error-codes */
const faults: Partial<Record<Situation, (name: string) => Answer>> = {
  disabled: () => error(403, "Forbidden", "Operation is not allowed on a disabled key.", "KeyDisabled"),
  denied: () =>
    error(403, "Forbidden", "Caller is not authorized to perform action on resource.", "ForbiddenByRbac"),
  "wrong credentials": () =>
    error(401, "Unauthorized", "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/"),
  missing: (name) =>
    error(404, "KeyNotFound", `A key with (name/id) ${name} was not found in this key vault.`),
  throttled: () => error(429, "Throttled", "Too many requests.", undefined, { "retry-after": "7" }),
  failing: () => error(503, "ServiceUnavailable", "The service is not available."),
};

const createRsaKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

/** A stand-in of Key Vault under its real name, and of the endpoint of a managed identity. */
export async function startAzure(mainKey = createRsaKey()): Promise<KeyService> {
  const keys = new Map([
    ["main", mainKey],
    ["other", createRsaKey()],
  ]);
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };

  function answer({ request, path, body }: Asked, situation: Situation): Answer {
    if (request.headers.authorization !== `Bearer ${canaryCredential}`)
      return {
        status: 401,
        body: { error: { code: "Unauthorized", message: "AKV10000: Request is missing a token." } },
        headers: {
          "www-authenticate":
            'Bearer authorization="https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47", resource="https://vault.azure.net"',
        },
      };
    const url = new URL(path, `https://${host}`);
    const [, name = "", given = "", operation = ""] =
      /^\/keys\/([\w-]+)\/?([0-9a-f]*)\/?(\w*)$/.exec(url.pathname) ?? [];
    if (!url.searchParams.has("api-version")) return error(400, "BadParameter", "api-version is missing.");
    if (faults[situation]) return faults[situation](name);
    const privateKey = keys.get(name);
    if (!privateKey || (given !== "" && given !== version))
      return error(404, "KeyNotFound", `A key with (name/id) ${name} was not found in this key vault.`);
    const named = situation === "the name of another key" ? "other" : name;
    const kid = `https://${host}/keys/${named}/${version}`;
    if (operation === "") {
      const { n, e } = createPublicKey(privateKey).export({ format: "jwk" });
      const key = { kid, kty: "RSA", key_ops: ["wrapKey", "unwrapKey"], n, e };
      return { status: 200, body: { key, attributes: { enabled: true, created: 1, updated: 1 } } };
    }
    if (body.alg !== "RSA-OAEP-256") return error(400, "BadParameter", "The algorithm is not supported.");
    const value = Buffer.from(body.value ?? "", "base64url");
    if (operation === "wrapkey") {
      const wrapped = publicEncrypt({ key: createPublicKey(privateKey), ...padding }, value);
      return { status: 200, body: { kid, value: wrapped.toString("base64url") } };
    }
    try {
      const plain = privateDecrypt({ key: privateKey, ...padding }, value);
      const answered = situation === "a key of 31 bytes" ? plain.subarray(1) : plain;
      return { status: 200, body: { kid, value: answered.toString("base64url") } };
    } catch {
      return error(400, "BadParameter", "The parameter is incorrect.");
    }
  }

  const { serve, ...situations } = createAnswering(answer);
  const hosts = await serveNamedHosts([host], serve);
  const identity = await listen(
    createServer((_request, response) => {
      const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          access_token: canaryCredential,
          expires_on,
          resource: "https://vault.azure.net",
          token_type: "Bearer",
        }),
      );
    }),
  );
  vi.stubEnv("IDENTITY_ENDPOINT", `http://127.0.0.1:${identity.port}/msi/token`);
  vi.stubEnv("IDENTITY_HEADER", "canary-identity-header");
  vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "prod");
  const open = (name: string) =>
    openAzureKey(azureKey.parse({ provider: "azure", keyId: `https://${host}/keys/${name}` }));
  return {
    open: () => open("main"),
    openOther: () => open("other"),
    ...situations,
    async close() {
      await identity.close();
      await hosts.close();
    },
  };
}
