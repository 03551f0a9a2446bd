import { createServer } from "node:http";
import { vi } from "vitest";
import { openTransitKey, transitKey } from "@/lib/kms/providers/transit";
import { type Answer, type Asked, createAnswering, createSecretKey } from "@/testing/key-services/answering";
import { canaryCredential, type KeyService, type Situation } from "@/testing/key-services/key-service";
import { listen } from "@/testing/servers/listening";

const refusal = (status: number, message: string, headers = {}): Answer => ({
  status,
  body: { errors: message === "" ? [] : [message] },
  headers,
});

/** openbao.org/api-docs/secret/transit and openbao.org/api-docs: errors. */
const faults: Partial<Record<Situation, Answer>> = {
  denied: refusal(403, "1 error occurred:\n\t* permission denied\n\n"),
  "wrong credentials": refusal(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"),
  throttled: refusal(429, 'request path "transit/encrypt/main": rate limit quota exceeded', {
    "retry-after": "7",
  }),
  failing: refusal(503, "Vault is sealed"),
};

/** A stand-in of Transit, with the token of VAULT_TOKEN. */
export async function startTransit(mainKey?: Buffer<ArrayBuffer>): Promise<KeyService> {
  const keys = new Map([
    ["main", createSecretKey(mainKey)],
    ["other", createSecretKey()],
  ]);

  function answer({ request, path, body }: Asked, situation: Situation): Answer {
    if (request.headers["x-vault-token"] !== canaryCredential) return refusal(403, "permission denied");
    if (faults[situation]) return faults[situation];
    if (path === "/v1/auth/token/lookup-self")
      return { status: 200, body: { data: { ttl: 0, creation_ttl: 0, renewable: false } } };
    const [, operation = "", name = ""] = /^\/v1\/transit\/(encrypt|decrypt|keys)\/(\w+)$/.exec(path) ?? [];
    const key = situation === "missing" ? undefined : keys.get(name);
    if (operation === "keys") {
      if (!key) return refusal(404, "");
      const named = situation === "the name of another key" ? "other" : name;
      const isDeleted = situation === "disabled";
      return {
        status: 200,
        body: { data: { name: named, supports_encryption: true, soft_deleted: isDeleted } },
      };
    }
    if (!key) return refusal(400, "encryption key not found");
    if (situation === "disabled") return refusal(400, "key is soft-deleted");
    const bound = Buffer.from(body.associated_data ?? "", "base64").toString();
    if (operation === "encrypt") {
      const sealed = key.encrypt(Buffer.from(body.plaintext ?? "", "base64"), bound);
      return { status: 200, body: { data: { ciphertext: `vault:v1:${sealed.toString("base64")}` } } };
    }
    const [, sealed] = /^vault:v1:([\w+/=]+)$/.exec(body.ciphertext ?? "") ?? [];
    if (!sealed) return refusal(400, "invalid ciphertext: no prefix");
    const plain = key.decrypt(Buffer.from(sealed, "base64"), bound);
    if (!plain) return refusal(400, "cipher: message authentication failed");
    const given = situation === "a key of 31 bytes" ? plain.subarray(1) : plain;
    return { status: 200, body: { data: { plaintext: given.toString("base64") } } };
  }

  const { serve, ...situations } = createAnswering(answer);
  const server = await listen(createServer(serve));
  vi.stubEnv("VAULT_TOKEN", canaryCredential);
  const open = (key: string) =>
    openTransitKey(
      transitKey.parse({ provider: "transit", address: `http://127.0.0.1:${server.port}/`, key }),
    );
  return { open: () => open("main"), openOther: () => open("other"), ...situations, close: server.close };
}
