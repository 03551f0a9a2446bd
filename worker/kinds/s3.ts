import { Agent } from "node:https";
import type { ListObjectsV2CommandOutput, S3ClientConfig } from "@aws-sdk/client-s3";
import { s3, s3Service } from "@/lib/connectors/kinds/s3";
import { CheckFailure, defineCheck, errorProperty } from "@/worker/check";
import { publicVerification } from "@/worker/clients/certificates";
import { at, maxAnswerBytes, requireHeaderValue } from "@/worker/clients/http";
import { networkFault } from "@/worker/egress/socket-faults";

/** Lists at most one object of the bucket, then reads its metadata, which requires the right to read it. */
export const checkS3 = defineCheck(s3, {
  preload: () => import("@aws-sdk/client-s3"),

  async run({ region, bucketName, accessKeyID, secretAccessKey }, { begin }) {
    const credentials = {
      accessKeyId: accessKeyID,
      // The key is never sent, but a trailing line break would make every signature wrong.
      secretAccessKey: requireHeaderValue(secretAccessKey, "secretAccessKey"),
    };
    const { HeadObjectCommand, ListObjectsV2Command, S3Client } = await import("@aws-sdk/client-s3");
    const client = new S3Client({
      ...settings,
      region,
      endpoint: `https://${s3Service(region)}`,
      credentials,
      requestHandler: { httpsAgent: new Agent({ ...publicVerification(), keepAlive: true, maxSockets: 1 }) },
    });
    const listed = await client.send(new ListObjectsV2Command({ Bucket: bucketName, MaxKeys: 1 }));
    begin("permission");
    const key = firstKey(listed, bucketName);
    if (key !== undefined)
      await client.send(new HeadObjectCommand({ Bucket: bucketName, Key: key })).catch(ignoreNotFound);
    client.destroy();
    return {};
  },

  explain(error) {
    const name = errorProperty(error, "name");
    return byCode(name) ?? byStatus(Number(at(error, "$metadata", "httpStatusCode")), error);
  },
});

/**
 * Turns off what the client does on its own: reading the environment and files of the home folder, asking a
 * cloud's metadata address for credentials, and retrying.
 */
const settings = {
  maxAttempts: 1,
  retryMode: "standard",
  defaultsMode: "standard",
  followRegionRedirects: false,
  useArnRegion: false,
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  disableMultiregionAccessPoints: true,
  disableS3ExpressSessionAuth: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  authSchemePreference: ["sigv4"],
  sigv4aSigningRegionSet: [],
  disableClockSkewCorrection: true,
  userAgentAppId: "",
  streamCollector: collect,
  defaultUserAgentProvider: async () => [["selvage-check"]],
} satisfies S3ClientConfig;

/** Reads an answer. A list of one object, or an error, is short. */
async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new CheckFailure("answer_too_large", "region");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A page or another service may also answer 200. Only the documented answer names the bucket. */
function firstKey({ Name, Contents }: ListObjectsV2CommandOutput, bucketName: string): string | undefined {
  if (Name !== bucketName) throw new CheckFailure("unexpected_answer", "bucketName", undefined, "sign_in");
  return Contents?.[0]?.Key;
}

/** Ignores 404: the object may have been deleted since it was listed. */
function ignoreNotFound(error: unknown): void {
  if (at(error, "$metadata", "httpStatusCode") !== 404) throw error;
}

/** docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
function byCode(name: string): CheckFailure | null {
  switch (name) {
    case "InvalidAccessKeyId":
    case "InvalidToken":
      return new CheckFailure("rejected_credentials", "accessKeyID", undefined, "sign_in");
    case "SignatureDoesNotMatch":
      return new CheckFailure("rejected_credentials", "secretAccessKey", undefined, "sign_in");
    case "ExpiredToken":
    case "TokenRefreshRequired":
      return new CheckFailure("credential_expired", "secretAccessKey", undefined, "sign_in");
    case "RequestTimeTooSkewed":
      return new CheckFailure("clock_differs", undefined, undefined, "sign_in");
    case "AccountProblem":
      return new CheckFailure("account_locked", "accessKeyID", undefined, "sign_in");
    case "NotSignedUp":
      return new CheckFailure("service_disabled", "accessKeyID", undefined, "sign_in");
    case "AccessDenied":
    case "AllAccessDisabled":
      return new CheckFailure("not_permitted", "bucketName", undefined, "permission");
    case "NoSuchBucket":
    case "InvalidBucketName":
      return new CheckFailure("bucket_not_found", "bucketName", undefined, "permission");
    case "PermanentRedirect":
    case "TemporaryRedirect":
    case "Redirect":
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
      return new CheckFailure("wrong_region", "region", undefined, "permission");
    case "SlowDown":
    case "RequestLimitExceeded":
      return new CheckFailure("rate_limited");
    default:
      return null;
  }
}

/** Maps an answer without an error code to a finding: it is not from S3, or it has no body, as to HEAD. */
function byStatus(status: number, error: unknown): CheckFailure | null {
  if (!Number.isInteger(status)) return withoutAnswer(error);
  const facts = status >= 100 && status < 600 ? { status: String(status) } : undefined;
  if (status === 407) return new CheckFailure("proxy_in_the_way", "region", facts);
  if (status === 429) return new CheckFailure("rate_limited", undefined, facts);
  if (status >= 500) return new CheckFailure("server_error", undefined, facts);
  if (status === 403) return new CheckFailure("not_permitted", "bucketName", facts, "permission");
  if (status >= 300 && status < 400) return new CheckFailure("redirected", "region", facts);
  return new CheckFailure("unexpected_answer", "region", facts);
}

function withoutAnswer(error: unknown): CheckFailure | null {
  if (errorProperty(error, "code").startsWith("HPE_")) return new CheckFailure("wrong_protocol", "region");
  const isCut = networkFault(error) !== null || errorProperty(error, "message") === "aborted";
  return isCut ? new CheckFailure("connection_closed", "region") : null;
}
