import * as z from "zod";
import {
  connectionCode,
  describedBy,
  documented,
  jsonOfAnswer,
  unwrappedKey,
  wrappedText,
} from "@/lib/kms/answer";
import {
  CannotUnwrap,
  contextText,
  type KeyContext,
  KeyServiceFault,
  type MasterKey,
  type MasterKeyState,
} from "@/lib/kms/define";
import { fingerprintOf } from "@/lib/kms/fingerprint";
import { createTransitToken, transitAuth } from "@/lib/kms/transit-token";

const name = z.string().regex(/^[\w.-]+$/, "use letters, digits, dots, dashes and underscores");
const mount = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/, "write the path without slashes at its ends");

/**
 * A key of the Transit engine of Vault or OpenBao. A private certificate authority goes into NODE_EXTRA_CA_CERTS.
 */
export const transitKey = z.strictObject({
  provider: z.literal("transit"),
  address: z
    .url({ protocol: /^https?$/ })
    .refine(isProtected, "use https, or http to an agent on this machine")
    .transform((address) => address.replace(/\/+$/, "")),
  namespace: mount.optional(),
  mount: mount.default("transit"),
  /** The key's name. Its type has to support associated data, such as aes256-gcm96. */
  key: name,
  auth: transitAuth.default({ method: "token" }),
});

const service = "Transit";
const timeoutMs = 10_000;
/** Of every ciphertext, also in OpenBao. The key's version and base64 follow. */
const prefix = "vault:v";

/** openbao.org/api-docs/secret/transit: Vault answers alike. */
const encrypted = z.object({ data: z.object({ ciphertext: z.string().startsWith(prefix) }) });
const decrypted = z.object({ data: z.object({ plaintext: z.base64() }) });
const described = z.object({
  data: z.object({
    name: z.string(),
    supports_encryption: z.boolean(),
    soft_deleted: z.boolean().optional(),
  }),
});
const refused = z.object({ errors: z.array(z.string()) });

/** Opens a key of Transit. The fabric and the kid are its associated data. */
export async function openTransitKey(settings: z.output<typeof transitKey>): Promise<MasterKey> {
  const { address, namespace, mount, key: name } = settings;
  const keyId = [address, namespace, mount, name].filter(Boolean).join("/");
  const key = { provider: "transit", keyId, fingerprint: fingerprintOf("transit", keyId) } as const;
  const token = createTransitToken(settings.auth, request);

  async function request(path: string, body: object | undefined, headers: object, signal?: AbortSignal) {
    const answer = await fetch(`${address}/v1/${path}`, {
      method: body ? "POST" : "GET",
      ...(body && { body: JSON.stringify(body) }),
      headers: {
        "content-type": "application/json",
        "x-vault-request": "true",
        ...(namespace && { "x-vault-namespace": namespace }),
        ...headers,
      },
      // A redirect would send the token to an address that the operator did not name.
      redirect: "manual",
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
    }).catch(noAnswer);
    const json = await jsonOfAnswer(answer);
    if (answer.ok) return json;
    throw refusal(answer, refused.safeParse(json).data?.errors ?? []);
  }

  async function call<S extends z.ZodType>(
    path: string,
    body: object | undefined,
    answer: S,
    signal: AbortSignal | undefined,
  ): Promise<z.infer<S>> {
    const headers = { "x-vault-token": await token.get(signal) };
    const json = await request(`${mount}/${path}/${name}`, body, headers, signal).catch((error) => {
      token.forget();
      throw error;
    });
    return documented(answer, json, service);
  }

  return {
    ...key,
    async wrap(plain, context, signal) {
      const body = { plaintext: Buffer.from(plain).toString("base64"), ...associatedData(context) };
      const { data } = await call("encrypt", body, encrypted, signal);
      return wrappedText(data.ciphertext, service);
    },
    async unwrap(wrapped, context, signal) {
      if (!wrapped.startsWith(prefix)) throw new CannotUnwrap("This was not wrapped by Transit.");
      const body = { ciphertext: wrapped, ...associatedData(context) };
      const { data } = await call("decrypt", body, decrypted, signal);
      return unwrappedKey(Buffer.from(data.plaintext, "base64"), service);
    },
    describe: describedBy(key, async (signal): Promise<MasterKeyState> => {
      await token.renew(signal).catch((error) => {
        // A token may use the key without the right to renew itself.
        if (!(error instanceof KeyServiceFault && error.state === "denied")) throw error;
      });
      const { data } = await call("keys", undefined, described, signal);
      if (data.name !== name)
        throw new KeyServiceFault("unavailable", `${service} answered for another key.`);
      if (!data.supports_encryption) return "denied";
      return data.soft_deleted ? "disabled" : "enabled";
    }),
  };
}

function associatedData(context: KeyContext) {
  return { associated_data: Buffer.from(contextText(context)).toString("base64") };
}

function isProtected(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}

function noAnswer(cause: Error): never {
  throw new KeyServiceFault("unavailable", `${service} does not answer: ${connectionCode(cause)}.`);
}

/** The server's messages about a ciphertext of another key, of another context, or of no key at all. */
const notOurs =
  /message authentication failed|invalid ciphertext|could not decode ciphertext|unable to decrypt|invalid key version|version is (disallowed|newer)/i;

function refusal({ status, headers }: Response, errors: readonly string[]): Error {
  const says = (words: RegExp) => errors.some((error) => words.test(error));
  const fault = (state: Exclude<MasterKeyState, "enabled">) => {
    const seconds = Number(headers.get("retry-after"));
    return new KeyServiceFault(state, `${service} did not use the key: status ${status}.`, {
      ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
    });
  };
  if (status === 401 || status === 403) return fault("denied");
  if (status === 404 || says(/encryption key not found/i)) return fault("missing");
  if (status === 400 && says(/soft.?deleted|too old/i)) return fault("disabled");
  if (status === 400 && says(notOurs))
    return new CannotUnwrap("Another key wrapped this key, or it was changed.");
  return fault(status === 400 ? "denied" : "unavailable");
}
