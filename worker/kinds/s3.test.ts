import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { s3 } from "@/lib/connectors/kinds/s3";
import { validate } from "@/lib/connectors/validate";
import { createTrials } from "@/testing/servers/check-trial";
import { exampleKey, type S3Options, type S3Server, startS3Server } from "@/testing/servers/s3-server";

const properties = { region: "us-east-1", bucketName: "my-bucket", accessKeyID: exampleKey.id };
const standIns = { routes: {} as Record<string, number>, authorities: [] as string[] };
const trials = createTrials(standIns);
let authority: Authority;
let server: S3Server;

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
  standIns.authorities = [authority.cert];
});
afterEach(() => server.close());
afterAll(() => trials.close());

async function check(options: Partial<S3Options> = {}, change: object = {}, secret = exampleKey.secret) {
  const buckets = { "my-bucket": ["sales/2026 ä+.csv", "b"], "my.dotted.bucket": [], empty: [] };
  server = await startS3Server({ authority, buckets, elsewhere: ["abroad"], ...options });
  standIns.routes = server.routes;
  return trials.run("s3", { ...properties, ...change }, { secretAccessKey: secret });
}

describe("a right key", () => {
  it("lists one object and requests its metadata, at the bucket's own host", async () => {
    const { result, passed } = await check();
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    const host = "my-bucket.s3.us-east-1.amazonaws.com";
    expect(server.requests).toEqual([
      `GET ${host}/?list-type=2&max-keys=1`,
      `HEAD ${host}/sales/2026%20%C3%A4%2B.csv`,
    ]);
  });

  it("passes for an empty bucket, and for one with dots in its name", async () => {
    expect((await check({}, { bucketName: "empty" })).result).toMatchObject({ ok: true });
    await server.close();
    expect((await check({}, { bucketName: "my.dotted.bucket" })).result).toMatchObject({ ok: true });
    expect(server.requests).toEqual([
      "GET s3.us-east-1.amazonaws.com/my.dotted.bucket/?list-type=2&max-keys=1",
    ]);
  });

  it.each(["cn-north-1", "eusc-de-east-1", "us-gov-west-1"])(
    "dials its declared destination in %s",
    async (region) => {
      expect((await check({ region }, { region })).result).toMatchObject({ ok: true });
    },
  );
});

describe("refusals", () => {
  it("distinguishes a wrong key ID from a wrong secret key, each after one attempt", async () => {
    expect((await check({}, { accessKeyID: "AKIANOBODYNOBODYNOBO" })).result).toMatchObject({
      code: "rejected_credentials",
      step: "sign_in",
      field: "accessKeyID",
    });
    expect(server.requests).toHaveLength(1);
    await server.close();
    expect((await check({}, {}, "canary-wrong")).result).toMatchObject({
      code: "rejected_credentials",
      step: "sign_in",
      field: "secretAccessKey",
    });
    expect(server.requests).toHaveLength(1);
  });

  it("reports that a secret key cannot end in a line break", async () => {
    expect((await check({}, {}, `${exampleKey.secret}\n`)).result).toMatchObject({
      code: "secret_malformed",
    });
    expect(server.requests).toEqual([]);
  });

  it.each([-3_600_000, 3_600_000])(
    "reports clocks that differ by %i ms, without a second attempt",
    async (aheadMs) => {
      expect((await check({ aheadMs })).result).toMatchObject({ code: "clock_differs", step: "sign_in" });
      expect(server.requests).toHaveLength(1);
    },
  );

  it.each([
    ["list", 1],
    ["get", 2],
  ] as const)("names the bucket when the right to %s is missing", async (right, requests) => {
    expect((await check({ denied: [right] })).result).toMatchObject({
      code: "not_permitted",
      step: "permission",
      field: "bucketName",
    });
    expect(server.requests).toHaveLength(requests);
  });

  it("distinguishes a missing bucket from one in another region, and does not connect to that region", async () => {
    expect((await check({}, { bucketName: "gone" })).result).toMatchObject({
      code: "bucket_not_found",
      step: "permission",
      field: "bucketName",
    });
    await server.close();
    expect((await check({}, { bucketName: "abroad" })).result).toMatchObject({
      code: "wrong_region",
      field: "region",
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [400, "ExpiredToken", "credential_expired", "sign_in"],
    [400, "InvalidToken", "rejected_credentials", "sign_in"],
    [403, "AccountProblem", "account_locked", "sign_in"],
    [403, "NotSignedUp", "service_disabled", "sign_in"],
    [400, "AuthorizationHeaderMalformed", "wrong_region", "permission"],
    [307, "TemporaryRedirect", "wrong_region", "permission"],
    [403, "AllAccessDisabled", "not_permitted", "permission"],
    [503, "SlowDown", "rate_limited", "sign_in"],
    [503, "ServiceUnavailable", "server_error", "sign_in"],
    [500, "InternalError", "server_error", "sign_in"],
  ] as const)("maps %i %s to %s", async (status, code, expected, step) => {
    expect((await check({ refuseWith: { status, code } })).result).toMatchObject({ code: expected, step });
    expect(server.requests).toHaveLength(1);
  });
});

describe("the form", () => {
  const refs = { secretAccessKey: "an-id" };

  it.each([
    ["region", "us-east-1.attacker.com/"],
    ["region", "attacker.com#"],
    ["region", "us-east-1@attacker.com"],
    ["region", "us-iso-east-1"],
    ["bucketName", "x.attacker.com/"],
    ["bucketName", "attacker.com#"],
    ["bucketName", "user@attacker.com"],
    ["bucketName", "my..bucket"],
    ["bucketName", "127.0.0.1"],
    ["bucketName", "express--use1-az5--x-s3"],
    ["bucketName", "arn:aws:s3:us-east-1:123456789012:accesspoint"],
    ["accessKeyID", "AKIA\r\nHost: attacker.com"],
  ])("refuses as %s a value that could name another server: %s", (field, value) => {
    expect(validate(s3, { ...properties, ...refs, [field]: value })).toMatchObject({
      ok: false,
      fieldErrors: { [field]: expect.any(String) },
    });
  });

  it.each([
    ["a-b-c", "a-b-c.s3.us-east-1.amazonaws.com"],
    ["attacker.com", "s3.us-east-1.amazonaws.com"],
  ])("sends a bucket called %s to AWS", (bucketName, host) => {
    const validated = validate(s3, { ...properties, ...refs, bucketName });
    expect(validated.ok && s3.destinations(validated.value, {})).toMatchObject([{ host, port: 443 }]);
  });
});
