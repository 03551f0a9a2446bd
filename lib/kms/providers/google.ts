import * as z from "zod";
import {
  connectionCode,
  describedBy,
  documented,
  loadClient,
  maxAnswerBytes,
  unwrappedKey,
  wrappedText,
} from "@/lib/kms/answer";
import { crc32c } from "@/lib/kms/crc32c";
import {
  CannotUnwrap,
  contextText,
  type KeyContext,
  KeyServiceFault,
  type MasterKey,
  type MasterKeyState,
} from "@/lib/kms/define";
import { fingerprintOf } from "@/lib/kms/fingerprint";

/**
 * A symmetric key of Google Cloud KMS. Credentials come from where Google's library looks for them
 * (Application Default Credentials), and HTTPS_PROXY is respected.
 */
export const googleKey = z.strictObject({
  provider: z.literal("google"),
  /** The key's resource name, without a version. A project has one id, by which the service answers. */
  keyId: z
    .string()
    .regex(/^projects\/[^/]*[a-z]/, "give the project's id, not its number")
    .regex(
      /^projects\/[\w.:-]+\/locations\/[\w-]+\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/,
      "give the key's resource name: projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>",
    ),
});

const service = "Google Cloud KMS";
const scope = "https://www.googleapis.com/auth/cloudkms";
const timeoutMs = 10_000;

const text = z.string().optional();
const encrypted = z.object({
  name: z.string(),
  ciphertext: z.base64(),
  ciphertextCrc32c: z.string(),
  verifiedPlaintextCrc32c: z.literal(true),
  verifiedAdditionalAuthenticatedDataCrc32c: z.literal(true),
});
const decrypted = z.object({ plaintext: z.base64(), plaintextCrc32c: z.string() });
const described = z.object({
  name: z.string(),
  purpose: text,
  primary: z.object({ state: text }).optional(),
});
const refused = z.object({ error: z.object({ status: text, message: text }) });

/** cloud.google.com/kms/docs/reference/rest/v1/CryptoKeyVersionState */
const versionStates: Record<string, MasterKeyState> = {
  ENABLED: "enabled",
  DISABLED: "disabled",
  DESTROYED: "disabled",
  DESTROY_SCHEDULED: "disabled",
};

const states: Record<string, Exclude<MasterKeyState, "enabled">> = {
  FAILED_PRECONDITION: "disabled",
  NOT_FOUND: "missing",
  PERMISSION_DENIED: "denied",
  UNAUTHENTICATED: "denied",
};

/**
 * Opens a key of Google Cloud KMS. The fabric and the kid are its additional authenticated data. Checksums of
 * both directions are checked: cloud.google.com/kms/docs/data-integrity-guidelines.
 */
export async function openGoogleKey({ keyId }: Pick<z.infer<typeof googleKey>, "keyId">): Promise<MasterKey> {
  const { GoogleAuth } = await loadClient("google-auth-library", () => import("google-auth-library"));
  // Without the project, the library would ask other services for it.
  const auth = new GoogleAuth({
    scopes: [scope],
    projectId: keyId.split("/")[1] ?? "",
    clientOptions: { transporterOptions: { size: maxAnswerBytes } },
  });
  const key = { provider: "google", keyId, fingerprint: fingerprintOf("google", keyId) } as const;

  async function call<S extends z.ZodType>(
    path: string,
    data: object | undefined,
    answer: S,
    signal: AbortSignal | undefined,
  ): Promise<z.infer<S>> {
    const client = await auth.getClient().catch(() => {
      throw new KeyServiceFault("denied", "Google's library found no credentials.");
    });
    const { data: body } = await client
      .request<unknown>({
        url: `https://cloudkms.googleapis.com/v1/${keyId}${path}`,
        method: data ? "POST" : "GET",
        ...(data && { data }),
        ...(signal && { signal }),
        timeout: timeoutMs,
        retry: false,
      })
      .catch(path === ":decrypt" ? unwrapFault : fault);
    return documented(answer, body, service);
  }

  return {
    ...key,
    async wrap(plain, context, signal) {
      const body = { plaintext: base64(plain), plaintextCrc32c: crc32c(plain), ...aadOf(context) };
      const answer = await call(":encrypt", body, encrypted, signal);
      if (!answer.name.startsWith(`${keyId}/`))
        throw new KeyServiceFault("unavailable", `${service} answered for another key.`);
      requireChecksum(answer.ciphertext, answer.ciphertextCrc32c);
      return wrappedText(answer.ciphertext, service);
    },
    async unwrap(wrapped, context, signal) {
      const ciphertext = Buffer.from(wrapped, "base64");
      const body = {
        ciphertext: base64(ciphertext),
        ciphertextCrc32c: crc32c(ciphertext),
        ...aadOf(context),
      };
      const answer = await call(":decrypt", body, decrypted, signal);
      requireChecksum(answer.plaintext, answer.plaintextCrc32c);
      return unwrappedKey(Buffer.from(answer.plaintext, "base64"), service);
    },
    describe: describedBy(key, async (signal) => {
      const { name, purpose, primary } = await call("", undefined, described, signal);
      if (name !== keyId) throw new KeyServiceFault("unavailable", `${service} answered for another key.`);
      if (purpose !== "ENCRYPT_DECRYPT") return "denied";
      // A key without a primary version has only destroyed ones, or none yet.
      return primary ? (versionStates[primary.state ?? ""] ?? "unavailable") : "disabled";
    }),
  };
}

function aadOf(context: KeyContext) {
  const aad = Buffer.from(contextText(context));
  return {
    additionalAuthenticatedData: base64(aad),
    additionalAuthenticatedDataCrc32c: crc32c(aad),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function requireChecksum(text: string, checksum: string): void {
  if (crc32c(Buffer.from(text, "base64")) !== checksum)
    throw new KeyServiceFault("unavailable", `An answer of ${service} was damaged on its way.`);
}

type Refusal = { response?: { status?: number; data?: unknown; headers?: Headers } };

function unwrapFault(cause: Refusal): never {
  // The service says so of a ciphertext of another key or another context.
  if (refused.safeParse(cause.response?.data).data?.error.status === "INVALID_ARGUMENT")
    throw new CannotUnwrap("Another key wrapped this key, or it was changed.");
  fault(cause);
}

function fault(cause: Refusal): never {
  const status = refused.safeParse(cause.response?.data).data?.error.status;
  const isTokenRefused = !status && [400, 401, 403].includes(cause.response?.status ?? 0);
  const state = states[status ?? ""] ?? (isTokenRefused ? "denied" : "unavailable");
  const seconds = Number(cause.response?.headers?.get?.("retry-after"));
  throw new KeyServiceFault(state, `${service} did not use the key: ${status ?? connectionCode(cause)}.`, {
    ...(seconds > 0 && { retryAfterMs: seconds * 1000 }),
  });
}
