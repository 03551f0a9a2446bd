import { afterAll, describe, expect, it } from "vitest";
import {
  loginPath,
  loginResult,
  resourcesPath,
  restError,
  salesforceFault,
  salesforceProperties,
  salesforceSecrets,
  startSalesforce,
} from "@/testing/servers/salesforce-server";
import { createServiceTrials } from "@/testing/servers/service-trials";
import { elementText } from "@/worker/clients/soap-login";

const connection = { properties: salesforceProperties, secrets: salesforceSecrets };
const trials = createServiceTrials("salesforce", connection, startSalesforce);
afterAll(() => trials.close());

it("passes every step", async () => {
  const { result, passed } = await trials.ship();
  expect(result).toMatchObject({ ok: true });
  expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
  expect(trials.requests()).toEqual([loginPath, resourcesPath]);
});

it.each(["sfUser", "sfPassword", "sfToken"])("tries a wrong %s once", async (field) => {
  const { result } = await trials.ship({ secrets: { ...salesforceSecrets, [field]: "canary-wrong" } });
  expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "sfPassword" });
  expect(trials.requests()).toEqual([loginPath]);
});

it.each(["sfUser", "sfPassword", "sfToken"])(
  "sends nothing for a %s that contains a line break",
  async (field) => {
    const secrets = { ...salesforceSecrets, [field]: "canary\n" };
    expect(await trials.check({ secrets })).toMatchObject({ code: "secret_malformed", field });
    expect(trials.requests()).toEqual([]);
  },
);

describe("a refused login()", () => {
  // ExceptionCode, from the SOAP API Developer Guide
  it.each([
    ["INVALID_LOGIN", "rejected_credentials", "sfPassword"],
    ["LOGIN_MUST_USE_SECURITY_TOKEN", "rejected_credentials", "sfToken"],
    ["PASSWORD_LOCKOUT", "account_locked", "sfUser"],
    ["ORG_LOCKED", "account_locked", "sfURL"],
    ["API_DISABLED_FOR_ORG", "service_disabled", "sfURL"],
    ["INVALID_OPERATION", "sign_in_not_offered", "sfURL"],
    ["INSUFFICIENT_ACCESS", "not_admitted", "sfUser"],
    ["LOGIN_DURING_RESTRICTED_DOMAIN", "not_admitted", "sfUser"],
    ["UNSUPPORTED_API_VERSION", "version_not_supported", "sfAPI"],
    ["SERVER_UNAVAILABLE", "server_not_ready", ""],
    ["REQUEST_LIMIT_EXCEEDED", "rate_limited", ""],
  ])("%s", async (fault, code, field) => {
    const replies = { [loginPath]: salesforceFault(fault) };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "sign_in", field });
  });

  it("includes a successful one with an expired password", async () => {
    const replies = { [loginPath]: loginResult("00Dx!canary", { passwordExpired: true }) };
    expect(await trials.check({ replies })).toMatchObject({
      code: "password_change_required",
      field: "sfPassword",
    });
  });
});

it("sends its session to no address other than the entered one", async () => {
  const serverUrl = "https://evil.example.com/services/Soap/u/54.0/00D";
  const replies = { [loginPath]: loginResult("00Dx!canary", { serverUrl }) };
  expect(await trials.check({ replies })).toMatchObject({
    code: "redirected",
    step: "permission",
    field: "sfURL",
  });
  expect(trials.requests()).toEqual([loginPath]);
});

describe("a refused session", () => {
  it.each([
    [401, "INVALID_SESSION_ID", "not_permitted", "sfUser"],
    [403, "API_DISABLED_FOR_ORG", "service_disabled", "sfURL"],
    [403, "INSUFFICIENT_ACCESS", "not_permitted", "sfUser"],
    [403, "REQUEST_LIMIT_EXCEEDED", "rate_limited", ""],
    [404, "NOT_FOUND", "version_not_supported", "sfAPI"],
    [410, "UNSUPPORTED_API_VERSION", "version_not_supported", "sfAPI"],
  ])("%i %s", async (status, error, code, field) => {
    const replies = { [resourcesPath]: restError(status, error) };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "permission", field });
  });
});

describe("the text of an element", () => {
  it.each([
    ["<a><sessionId>x</sessionId></a>", "x"],
    ["<q:sessionId> x </q:sessionId>", "x"],
    ["<sessionId><b>x</b></sessionId>", ""],
    ["<sessionId>&lt;</sessionId>", ""],
    [`<sessionId>${"x".repeat(3000)}</sessionId>`, ""],
    ["no XML", ""],
  ])("of %s", (xml, text) => {
    expect(elementText(xml, "sessionId")).toBe(text);
  });
});
