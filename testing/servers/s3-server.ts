import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import type { Authority } from "@/launcher/certificates.mjs";
import { s3Service } from "@/lib/connectors/kinds/s3";
import { type Listening, listen } from "@/testing/servers/listening";

export type S3Options = {
  authority: Authority;
  region?: string;
  accessKey?: { id: string; secret: string };
  /** The buckets of this region, each with its objects. */
  buckets?: Readonly<Record<string, readonly string[]>>;
  /** Buckets that exist in another region. */
  elsewhere?: readonly string[];
  /** The operations that the user may not perform. */
  denied?: readonly ("list" | "get")[];
  /** By how many milliseconds this server's clock is ahead. */
  aheadMs?: number;
  /** Refuses correctly signed requests. */
  refuseWith?: { status: number; code: string };
};
export type S3Server = Listening & { routes: Record<string, number>; requests: string[] };

export const exampleKey = {
  id: "AKIAIOSFODNN7EXAMPLE",
  secret: "canary/wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};

type Refusal = { status: number; code: string; more?: string; headers?: Record<string, string> };
const refuse = (status: number, code: string, more = ""): Refusal => ({ status, code, more });

/**
 * S3 in one region: ListObjectsV2 and HeadObject, virtual-hosted and path-style. It really verifies AWS
 * Signature Version 4. Answers and errors follow
 * docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html and …/API/ErrorResponses.html.
 */
export async function startS3Server(options: S3Options): Promise<S3Server> {
  const { authority, region = "us-east-1", buckets = {}, elsewhere = [], denied = [] } = options;
  const service = s3Service(region);
  const names = [...Object.keys(buckets), ...elsewhere, "gone"].filter((name) => !name.includes("."));
  const hosts = [service, ...names.map((name) => `${name}.${service}`)];
  const requests: string[] = [];

  const answer = (request: IncomingMessage): { status: number; body: string } | Refusal => {
    const host = request.headers.host ?? "";
    const url = new URL(request.url ?? "/", `https://${host}`);
    const path = decodeURIComponent(url.pathname).slice(1);
    const slash = path.indexOf("/") < 0 ? path.length : path.indexOf("/");
    const isVirtual = host !== service;
    const bucket = isVirtual ? host.slice(0, -service.length - 1) : path.slice(0, slash);
    const key = isVirtual ? path : path.slice(slash + 1);
    const unsigned = verify(request, url, region, options);
    if (unsigned !== null) return unsigned;
    if (elsewhere.includes(bucket))
      return refuse(301, "PermanentRedirect", `<Endpoint>${bucket}.s3.eu-west-1.amazonaws.com</Endpoint>`);
    const objects = buckets[bucket];
    if (objects === undefined) return refuse(404, "NoSuchBucket", `<BucketName>${bucket}</BucketName>`);
    if (key !== "") {
      if (denied.includes("get")) return refuse(403, "AccessDenied");
      return objects.includes(key) ? { status: 200, body: "" } : refuse(404, "NoSuchKey");
    }
    return denied.includes("list")
      ? refuse(403, "AccessDenied")
      : { status: 200, body: listing(bucket, objects) };
  };

  const server = https.createServer(await authority.issue({ names: hosts }), (request, response) => {
    requests.push(`${request.method} ${request.headers.host}${request.url}`);
    const reply = answer(request);
    const said = "body" in reply ? reply.body : errorBody(reply, request);
    response.writeHead(reply.status, { "content-type": "application/xml", server: "AmazonS3" });
    response.end(request.method === "HEAD" ? undefined : said);
  });
  const listening = await listen(server);
  const routes = Object.fromEntries(hosts.map((host) => [`${host}:443`, listening.port]));
  return { ...listening, routes, requests };
}

function listing(bucket: string, objects: readonly string[]): string {
  const [key] = objects;
  const contents =
    key === undefined
      ? ""
      : `<Contents><Key>${key}</Key><LastModified>2026-01-12T17:50:30.000Z</LastModified><ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix></Prefix><KeyCount>${key === undefined ? 0 : 1}</KeyCount><MaxKeys>1</MaxKeys><IsTruncated>${objects.length > 1}</IsTruncated>${contents}</ListBucketResult>`;
}

/** Every error repeats the signed text, as S3 does for a wrong signature. */
function errorBody({ code, more = "" }: Refusal, { headers }: IncomingMessage): string {
  const said = `You sent ${headers.authorization}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${said}</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId></Error>`;
}

/**
 * The server's side of docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
 */
function verify(request: IncomingMessage, url: URL, region: string, options: S3Options): Refusal | null {
  const { accessKey = exampleKey, aheadMs = 0, refuseWith } = options;
  const { headers } = request;
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const [, id, day, signedRegion, signedHeaders, signature] = form.exec(headers.authorization ?? "") ?? [];
  if (id === undefined || day === undefined || signedHeaders === undefined)
    return refuse(403, "AccessDenied");
  if (id !== accessKey.id) return refuse(403, "InvalidAccessKeyId");
  if (signedRegion !== region)
    return refuse(400, "AuthorizationHeaderMalformed", `<Region>${region}</Region>`);
  const at = String(headers["x-amz-date"]);
  const signedAt = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (Math.abs(Date.now() + aheadMs - signedAt) > 15 * 60_000) return refuse(403, "RequestTimeTooSkewed");
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const canonicalHeaders = signedHeaders
    .split(";")
    .map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [
    request.method,
    url.pathname,
    query,
    canonicalHeaders.join(""),
    signedHeaders,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const digest = createHash("sha256").update(canonical).digest("hex");
  const signingKey = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(
    (key, part) => hmac(key, part),
    `AWS4${accessKey.secret}`,
  );
  const expected = hmac(signingKey, ["AWS4-HMAC-SHA256", at, scope, digest].join("\n")).toString("hex");
  if (signature !== expected) return refuse(403, "SignatureDoesNotMatch");
  return refuseWith === undefined ? null : refuse(refuseWith.status, refuseWith.code);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
