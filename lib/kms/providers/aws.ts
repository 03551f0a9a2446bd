import * as z from "zod";
import {
  boundedBytes,
  connectionCode,
  describedBy,
  loadClient,
  unwrappedKey,
  wrappedText,
} from "@/lib/kms/answer";
import {
  CannotUnwrap,
  type KeyContext,
  KeyServiceFault,
  type MasterKey,
  type MasterKeyState,
} from "@/lib/kms/define";
import { fingerprintOf } from "@/lib/kms/fingerprint";

/**
 * A symmetric key of AWS KMS. Credentials and proxies come from where AWS's SDK looks for them: the environment,
 * shared files, a web identity, the container or the instance.
 */
export const awsKey = z.strictObject({
  provider: z.literal("aws"),
  /** The key's ARN. An alias could be pointed to another key. */
  keyId: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
      "give the ARN of the key, not of an alias: arn:aws:kms:<region>:<account>:key/<id>",
    ),
});

const service = "AWS KMS";

/** The errors of AWS KMS: docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors */
const states: Record<string, Exclude<MasterKeyState, "enabled">> = {
  NotFoundException: "missing",
  DisabledException: "disabled",
  KMSInvalidStateException: "disabled",
  InvalidKeyUsageException: "denied",
  AccessDeniedException: "denied",
  UnrecognizedClientException: "denied",
  InvalidClientTokenId: "denied",
  InvalidSignatureException: "denied",
  IncompleteSignature: "denied",
  MissingAuthenticationToken: "denied",
  OptInRequired: "denied",
  ExpiredTokenException: "denied",
  CredentialsProviderError: "denied",
  TokenProviderError: "denied",
};

/** docs.aws.amazon.com/kms/latest/developerguide/key-state.html. A key that is being updated works. */
const keyStates: Record<string, MasterKeyState> = {
  Enabled: "enabled",
  Updating: "enabled",
  Disabled: "disabled",
  PendingDeletion: "disabled",
  PendingReplicaDeletion: "disabled",
  PendingImport: "disabled",
};

/** Opens a key of AWS KMS. The fabric and the kid are its encryption context, which CloudTrail records. */
export async function openAwsKey({ keyId }: Pick<z.infer<typeof awsKey>, "keyId">): Promise<MasterKey> {
  const name = "@aws-sdk/client-kms";
  const { DecryptCommand, DescribeKeyCommand, EncryptCommand, KMSClient } = await loadClient(
    name,
    () => import("@aws-sdk/client-kms"),
  );
  const client = new KMSClient({ region: keyId.split(":")[3] ?? "", maxAttempts: 1 });
  // Next to the connection, so that the SDK receives what is read of an answer.
  client.middlewareStack.add(
    (next) => async (request) => {
      const answered = await next(request);
      const response = answered.response as { body: AsyncIterable<Uint8Array> | Uint8Array };
      if (!(response.body instanceof Uint8Array)) response.body = await boundedBytes(response.body);
      return answered;
    },
    { step: "deserialize", priority: "low" },
  );
  const key = { provider: "aws", keyId, fingerprint: fingerprintOf("aws", keyId) } as const;
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {});
  return {
    ...key,
    async wrap(plain, context, signal) {
      const command = new EncryptCommand({
        KeyId: keyId,
        Plaintext: plain,
        EncryptionContext: contextOf(context),
      });
      const answer = await client.send(command, options(signal)).catch(fault);
      requireKey(answer.KeyId, keyId);
      return wrappedText(Buffer.from(answer.CiphertextBlob ?? []).toString("base64"), service);
    },
    async unwrap(wrapped, context, signal) {
      const command = new DecryptCommand({
        KeyId: keyId,
        CiphertextBlob: Buffer.from(wrapped, "base64"),
        EncryptionContext: contextOf(context),
      });
      const answer = await client.send(command, options(signal)).catch(unwrapFault);
      requireKey(answer.KeyId, keyId);
      return unwrappedKey(answer.Plaintext, service);
    },
    describe: describedBy(key, async (signal) => {
      const command = new DescribeKeyCommand({ KeyId: keyId });
      const { KeyMetadata } = await client.send(command, options(signal)).catch(fault);
      requireKey(KeyMetadata?.Arn, keyId);
      return keyStates[KeyMetadata?.KeyState ?? ""] ?? "unavailable";
    }),
    close: async () => client.destroy(),
  };
}

function contextOf({ fabricId, kid }: KeyContext): Record<string, string> {
  return { fabric: fabricId, key: kid };
}

function requireKey(answered: string | undefined, keyId: string): void {
  if (answered !== keyId) throw new KeyServiceFault("unavailable", `${service} answered for another key.`);
}

function unwrapFault(cause: Refusal): never {
  const { name = "" } = cause;
  if (["InvalidCiphertextException", "IncorrectKeyException", "ValidationException"].includes(name))
    throw new CannotUnwrap("Another key wrapped this key, or it was changed.");
  fault(cause);
}

type Refusal = { name?: string; $fault?: string; $metadata?: { httpStatusCode?: number } };

function fault(cause: Refusal): never {
  const { name = "", $fault, $metadata } = cause;
  // A refusal by something in front of the service is in no form that the client knows.
  const isRefused = [401, 403].includes($metadata?.httpStatusCode ?? 0);
  const state = states[name] ?? (isRefused ? "denied" : "unavailable");
  const reason =
    states[name] || $fault ? name : isRefused ? $metadata?.httpStatusCode : connectionCode(cause);
  throw new KeyServiceFault(state, `${service} did not use the key: ${reason}.`);
}
