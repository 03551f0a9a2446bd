import { generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials } from "@/testing/servers/check-trial";
import {
  createServiceAccount,
  type GoogleOptions,
  type GoogleServer,
  googleError,
} from "@/testing/servers/google-server";
import {
  account,
  bucket,
  dataset,
  type GoogleService,
  googleExample,
  objects,
  queries,
  startService,
  warehouse,
} from "@/testing/servers/google-services";
import { createManyChecks } from "@/testing/servers/many-checks";
import type { ServiceReply } from "@/testing/servers/service-replies";
import type { StandIns } from "@/testing/servers/trial-job";

const standIns: StandIns = { routes: {}, authorities: [] };
const trials = createTrials(standIns);
const many = createManyChecks();
let authority: Authority;
let server: GoogleServer | undefined;

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
  standIns.authorities = [authority.cert];
});
afterEach(() => server?.close());
afterAll(() => {
  trials.close();
  many.close();
});

const kinds = { GCS: bucket, bigquery: warehouse } as const;
type Kind = keyof typeof kinds;
type Change = { properties?: object; key?: string; server?: Partial<GoogleOptions> };

async function start(service: GoogleService, change: Change) {
  server = await startService(authority, service, change.server);
  standIns.routes = server.routes;
  const properties = { ...service.properties, ...change.properties };
  return { properties, secrets: { serviceAccountKey: change.key ?? account.keyFile } };
}

/** Runs the check in the shipped worker. */
async function tryOut(kind: Kind, change: Change = {}) {
  const { properties, secrets } = await start(kinds[kind], change);
  return trials.run(kind, properties, secrets);
}

async function check(kind: Kind, change: Change = {}) {
  return many.run(kind, { ...googleExample(kinds[kind]), ...(await start(kinds[kind], change)) }, standIns);
}

async function checkWith(kind: Kind, request: string, reply: ServiceReply) {
  const replies = { ...kinds[kind].good, [request]: reply };
  return check(kind, { server: { replies } });
}

describe.each(Object.entries(kinds) as [Kind, GoogleService][])("%s", (kind, { good }) => {
  it("passes every step, sends each request once and runs no query", async () => {
    const { result, passed } = await tryOut(kind);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    expect(server?.requests).toEqual(["POST oauth2.googleapis.com/token", ...Object.keys(good)]);
  });

  it("tries a deleted key once, and sends no further request", async () => {
    // The account is right and the key is wrong.
    const key = createServiceAccount().keyFile;
    expect((await tryOut(kind, { key })).result).toMatchObject({
      code: "rejected_credentials",
      step: "sign_in",
      field: "serviceAccountKey",
    });
    expect(server?.requests).toHaveLength(1);
  });
});

it("does not read a warehouse's bucket when the connection has none", async () => {
  const scope = "https://www.googleapis.com/auth/bigquery";
  const result = await check("bigquery", { properties: { bucketName: "" }, server: { scope } });
  expect(result).toMatchObject({ ok: true });
  expect(server?.requests.filter((request) => request.includes("storage"))).toEqual([]);
});

describe("sign-in of a service account", () => {
  it("distinguishes a deleted account from a wrong clock", async () => {
    const other = createServiceAccount("gone").keyFile;
    expect(await check("GCS", { key: other })).toMatchObject({
      code: "account_not_found",
      step: "sign_in",
      field: "serviceAccountKey",
    });
    await server?.close();
    expect(await check("GCS", { server: { aheadMs: 7_200_000 } })).toMatchObject({
      code: "clock_differs",
      step: "sign_in",
    });
  });

  it.each([
    [401, "disabled_client", "The OAuth client was disabled.", "account_locked"],
    [401, "deleted_client", "The OAuth client was deleted.", "rejected_credentials"],
    [400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.", "scope_rejected"],
    [400, "invalid_grant", "Not a valid email or user ID.", "rejected_credentials"],
  ])("%i %s", async (status, error, error_description, code) => {
    const result = await check("GCS", { server: { refuseWith: { status, error, error_description } } });
    expect(result).toMatchObject({ code, step: "sign_in", field: "serviceAccountKey" });
  });

  const changed = (change: object) => JSON.stringify({ ...JSON.parse(account.keyFile), ...change });
  const pem = (bits: number, type: "pkcs1" | "pkcs8") =>
    generateKeyPairSync("rsa", { modulusLength: bits }).privateKey.export({ type, format: "pem" }).toString();

  it.each([
    ["no JSON", () => "canary-not-json"],
    ["half a file", () => account.keyFile.slice(0, -40)],
    ["a user's credentials", () => changed({ type: "authorized_user" })],
    ["no e-mail address of a service account", () => changed({ client_email: "ana@example.com" })],
    ["a token endpoint of somebody else", () => changed({ token_uri: "https://oauth2.example.com/token" })],
    ["another cloud", () => changed({ universe_domain: "example.com" })],
    ["no private key", () => changed({ private_key: "canary-no-key" })],
    ["a private key of another form", () => changed({ private_key: pem(2048, "pkcs1") })],
    ["a private key that is too short", () => changed({ private_key: pem(1024, "pkcs8") })],
  ])("sends nothing for a key file with %s", async (_what, key) => {
    expect(await check("GCS", { key: key() })).toMatchObject({
      code: "service_account_key_invalid",
      field: "serviceAccountKey",
    });
    expect(server?.requests).toEqual([]);
  });

  it("signs in at Google even when an old key file names an old endpoint", async () => {
    const key = changed({ token_uri: "https://accounts.google.com/o/oauth2/token" });
    expect(await check("GCS", { key })).toMatchObject({ ok: true });
  });
});

describe("BigQuery", () => {
  // cloud.google.com/bigquery/docs/error-messages
  it.each([
    [queries, 403, "accessDenied", "not_permitted", "projectId"],
    [queries, 403, "accessNotConfigured", "service_disabled", "projectId"],
    [queries, 403, "billingNotEnabled", "service_disabled", "projectId"],
    [queries, 403, "quotaExceeded", "rate_limited", undefined],
    [queries, 404, "notFound", "project_not_found", "projectId"],
    [queries, 400, "invalid", "misconfigured", "projectId"],
    [queries, 401, "authError", "rejected_credentials", "serviceAccountKey"],
    [dataset, 403, "accessDenied", "not_permitted", "dataset"],
    [dataset, 404, "notFound", "dataset_not_found", "dataset"],
    [objects, 404, "notFound", "bucket_not_found", "bucketName"],
    [objects, 403, "forbidden", "not_permitted", "bucketName"],
  ])("%s: %i %s", async (request, status, reason, code, field) => {
    const result = await checkWith("bigquery", request, googleError(status, reason, "Access Denied"));
    expect(result).toMatchObject({
      ok: false,
      code,
      step: "permission",
      ...(field !== undefined && { field }),
    });
  });

  it("recognizes a missing project by BigQuery's message", async () => {
    const reply = googleError(400, "invalid", "The project my-project-123 has not enabled BigQuery.");
    expect(await checkWith("bigquery", queries, reply)).toMatchObject({
      code: "project_not_found",
      step: "permission",
      field: "projectId",
    });
  });

  it("recognizes a disabled service by its details too", async () => {
    // cloud.google.com/apis/design/errors#error_info
    const details = [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "SERVICE_DISABLED",
        domain: "googleapis.com",
      },
    ];
    const reply = { status: 403, body: { error: { code: 403, status: "PERMISSION_DENIED", details } } };
    expect(await checkWith("bigquery", queries, reply)).toMatchObject({ code: "service_disabled" });
  });
});

describe("GCS", () => {
  // cloud.google.com/storage/docs/json_api/v1/status-codes
  it.each([
    [404, "notFound", "bucket_not_found", "bucketName"],
    [403, "forbidden", "not_permitted", "bucketName"],
    [403, "accountDisabled", "service_disabled", "bucketName"],
    [400, "required", "misconfigured", "bucketName"],
    [401, "authError", "rejected_credentials", "serviceAccountKey"],
  ])("%i %s", async (status, reason, code, field) => {
    const result = await checkWith("GCS", objects, googleError(status, reason, "Refused"));
    expect(result).toMatchObject({ ok: false, code, step: "permission", field });
  });
});
