import type { KeyClientOptions, KeyVaultKey } from "@azure/keyvault-keys";
import * as z from "zod";
import { boundedBytes, connectionCode, describedBy, loadClient, unwrappedKey } from "@/lib/kms/answer";
import {
  BadMasterKey,
  CannotUnwrap,
  KeyServiceFault,
  type MasterKey,
  type MasterKeyState,
} from "@/lib/kms/define";
import { fingerprintOf } from "@/lib/kms/fingerprint";

/**
 * A key of Azure Key Vault or of a Managed HSM. Credentials come from where Azure's library looks for them: the
 * environment, a workload identity, or a managed identity. HTTPS_PROXY is respected.
 */
export const azureKey = z.strictObject({
  provider: z.literal("azure"),
  /** The key's identifier without a version. */
  keyId: z
    .string()
    .regex(
      /^https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)+\/keys\/[A-Za-z0-9-]{1,127}$/,
      "give the key's identifier without a version: https://<vault>.vault.azure.net/keys/<key>",
    ),
  /** RSA-OAEP-256 for RSA keys, A256KW for AES keys of a Managed HSM. */
  algorithm: z.enum(["RSA-OAEP-256", "A256KW"]).default("RSA-OAEP-256"),
});

const service = "Azure Key Vault";
/** `<version of the key>.<wrapped key in base64url>`. The version becomes part of a URL. */
const wrappedForm = /^([0-9a-f]{32})\.([\w-]+)$/;

/**
 * Opens a key of Azure Key Vault. Its `wrapkey` binds no context, so that the caller has to check the context of
 * what the wrapped key opens.
 */
export async function openAzureKey(settings: z.output<typeof azureKey>): Promise<MasterKey> {
  const { keyId, algorithm } = settings;
  const { DefaultAzureCredential } = await loadClient("@azure/identity", () => import("@azure/identity"));
  const { CryptographyClient, KeyClient } = await loadClient(
    "@azure/keyvault-keys",
    () => import("@azure/keyvault-keys"),
  );
  const { origin, pathname } = new URL(keyId);
  const name = pathname.slice("/keys/".length);
  const credential = orBadSettings(
    () => new DefaultAzureCredential({ requiredEnvVars: ["AZURE_TOKEN_CREDENTIALS"] }),
  );
  const once = { retryOptions: { maxRetries: 0 }, additionalPolicies: [boundAnswers] };
  const keys = new KeyClient(origin, credential, once);
  const versions = new Map<string, InstanceType<typeof CryptographyClient>>();
  const key = { provider: "azure", keyId, fingerprint: fingerprintOf("azure", keyId) } as const;
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {});

  /** The client of one version. With no more than the names, it leaves each operation to the service. */
  function clientOf(version: string) {
    const properties = { vaultUrl: origin, name, version };
    const client =
      versions.get(version) ??
      new CryptographyClient({ id: `${keyId}/${version}`, name, properties }, credential, once);
    versions.set(version, client);
    return client;
  }

  async function newest(signal?: AbortSignal): Promise<KeyVaultKey & { version: string }> {
    const found = await keys.getKey(name, options(signal)).catch(fault);
    const version = found.properties.version ?? "";
    if (found.id?.toLowerCase() !== `${keyId}/${version}`.toLowerCase() || version === "")
      throw new KeyServiceFault("unavailable", `${service} answered for another key.`);
    return { ...found, version };
  }

  return {
    ...key,
    async wrap(plain, _context, signal) {
      const { version } = await newest(signal);
      const { result } = await clientOf(version).wrapKey(algorithm, plain, options(signal)).catch(fault);
      const wrapped = `${version}.${Buffer.from(result ?? []).toString("base64url")}`;
      if (wrappedForm.test(wrapped)) return wrapped;
      throw new KeyServiceFault("unavailable", `${service} answered without a wrapped key.`);
    },
    async unwrap(wrapped, _context, signal) {
      const [, version, text] = wrappedForm.exec(wrapped) ?? [];
      if (version === undefined || text === undefined) cannotUnwrap();
      const { result } = await clientOf(version)
        .unwrapKey(algorithm, Buffer.from(text, "base64url"), options(signal))
        .catch(unwrapFault);
      return unwrappedKey(result, service);
    },
    describe: describedBy(key, async (signal): Promise<MasterKeyState> => {
      const { keyOperations = [], properties } = await newest(signal);
      const now = new Date();
      const { enabled, expiresOn = now, notBefore = now } = properties;
      if (enabled === false || expiresOn < now || notBefore > now) return "disabled";
      return keyOperations.includes("wrapKey") && keyOperations.includes("unwrapKey") ? "enabled" : "denied";
    }),
  };
}

/** Has each answer streamed, and reads it within the limit of all key services. */
const boundAnswers: NonNullable<KeyClientOptions["additionalPolicies"]>[number] = {
  position: "perRetry",
  policy: {
    name: "boundAnswers",
    async sendRequest(request, next) {
      request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]);
      const { readableStreamBody, ...response } = await next(request);
      if (!readableStreamBody) return response;
      const bytes = await boundedBytes(readableStreamBody);
      return { ...response, bodyAsText: bytes.toString("utf8") };
    },
  },
};

/** Without this variable, the library would also try the tools of a developer, as programs that automate starts. */
function orBadSettings<T>(create: () => T): T {
  try {
    return create();
  } catch {
    throw new BadMasterKey(
      "A master key in Azure requires AZURE_TOKEN_CREDENTIALS=prod in automate's environment, or the name of one credential.",
    );
  }
}

function cannotUnwrap(): never {
  throw new CannotUnwrap("Another key wrapped this key, or it was changed.");
}

type Refusal = {
  name?: string;
  statusCode?: number;
  details?: { error?: { innerError?: { code?: string } } };
  response?: { headers: { get(name: string): string | undefined } };
};

function unwrapFault(cause: Refusal): never {
  if (cause.statusCode === 400) cannotUnwrap();
  fault(cause);
}

/** learn.microsoft.com/azure/key-vault/general/rest-error-codes */
function fault(cause: Refusal): never {
  const { name = "", statusCode, details, response } = cause;
  const reason = details?.error?.innerError?.code ?? "";
  const seconds = Number(response?.headers.get("retry-after"));
  throw new KeyServiceFault(
    stateOf(name, statusCode, reason),
    `${service} did not use the key: ${reason || statusCode || connectionCode(cause)}.`,
    { ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) },
  );
}

function stateOf(name: string, status: number | undefined, reason: string) {
  if (/^Key(Disabled|Expired|NotYetValid)$/.test(reason)) return "disabled";
  if (status === 404) return "missing";
  if (status === 401 || status === 403 || status === 400) return "denied";
  if (/^(CredentialUnavailable|Authentication|AuthenticationRequired|AggregateAuthentication)/.test(name))
    return "denied";
  return "unavailable";
}
