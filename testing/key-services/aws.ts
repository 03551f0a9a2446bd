import { createServer } from "node:http";
import { vi } from "vitest";
import { openAwsKey } from "@/lib/kms/providers/aws";
import { type Answer, type Asked, createAnswering, createSecretKey } from "@/testing/key-services/answering";
import { canaryCredential, type KeyService, type Situation } from "@/testing/key-services/key-service";
import { listen } from "@/testing/servers/listening";

const account = "arn:aws:kms:eu-central-1:111122223333:key";
const arns = [
  `${account}/1234abcd-12ab-34cd-56ef-1234567890ab`,
  `${account}/0987dcba-09fe-87dc-65ba-ab0987654321`,
];

const error = (name: string, message: string, status = 400): Answer => ({
  status,
  body: { __type: name, message },
});

/** docs.aws.amazon.com/kms/latest/APIReference: Encrypt, Decrypt, DescribeKey and their errors. */
const faults: Partial<Record<Situation, (arn: string) => Answer>> = {
  denied: (arn) =>
    error(
      "AccessDeniedException",
      `User: arn:aws:iam::111122223333:user/x is not authorized to perform: kms:Encrypt on resource: ${arn}`,
    ),
  "wrong credentials": () =>
    error("UnrecognizedClientException", "The security token included in the request is invalid."),
  missing: (arn) => error("NotFoundException", `Key '${arn}' does not exist`),
  throttled: () => error("ThrottlingException", "Rate exceeded"),
  failing: () => error("KMSInternalException", "", 500),
};
const notUsable: Partial<Record<Situation, (arn: string) => Answer>> = {
  disabled: (arn) => error("DisabledException", `${arn} is disabled.`),
  "scheduled for deletion": (arn) => error("KMSInvalidStateException", `${arn} is pending deletion.`),
};
const keyStates: Partial<Record<Situation, string>> = {
  disabled: "Disabled",
  "scheduled for deletion": "PendingDeletion",
};

/** A stand-in of AWS KMS. The SDK finds it, and its credentials, by the SDK's own variables. */
export async function startAws(): Promise<KeyService> {
  const keys = new Map(arns.map((arn) => [arn, createSecretKey()]));

  function answer({ request, body }: Asked, situation: Situation): Answer {
    const signed = request.headers.authorization ?? "";
    if (!/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/kms\/aws4_request/.test(signed))
      return error("MissingAuthenticationTokenException", "Missing Authentication Token");
    const { KeyId: arn = "", EncryptionContext: context } = body;
    const key = keys.get(arn);
    if (!key) return error("NotFoundException", `Key '${arn}' does not exist`);
    const operation = String(request.headers["x-amz-target"]).replace("TrentService.", "");
    const named = situation === "the name of another key" ? arns.find((one) => one !== arn) : arn;
    if (faults[situation]) return faults[situation](arn);
    if (operation === "DescribeKey") {
      const state = keyStates[situation] ?? "Enabled";
      return { status: 200, body: { KeyMetadata: { Arn: named, KeyId: arn, KeyState: state } } };
    }
    if (notUsable[situation]) return notUsable[situation](arn);
    const aad = JSON.stringify(context);
    if (operation === "Encrypt") {
      const blob = key.encrypt(Buffer.from(body.Plaintext ?? "", "base64"), aad).toString("base64");
      return { status: 200, body: { CiphertextBlob: blob, KeyId: named } };
    }
    if (!body.CiphertextBlob)
      return error("ValidationException", "1 validation error detected: Value at 'ciphertextBlob' failed");
    const plain = key.decrypt(Buffer.from(body.CiphertextBlob, "base64"), aad);
    if (!plain) return error("InvalidCiphertextException", "");
    const given = situation === "a key of 31 bytes" ? plain.subarray(1) : plain;
    return { status: 200, body: { Plaintext: given.toString("base64"), KeyId: named } };
  }

  const { serve, ...situations } = createAnswering(answer);
  const server = await listen(createServer(serve));
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", `http://127.0.0.1:${server.port}`);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", canaryCredential);
  const [one = "", other = ""] = arns;
  return {
    open: () => openAwsKey({ keyId: one }),
    openOther: () => openAwsKey({ keyId: other }),
    ...situations,
    close: server.close,
  };
}
