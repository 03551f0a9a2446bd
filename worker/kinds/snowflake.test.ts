import { generateKeyPairSync } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { createServiceTrials } from "@/testing/servers/service-trials";
import {
  closePath,
  createKey,
  loginPath,
  loginRefusal,
  queryAnswer,
  queryPath,
  resultSet,
  snowflakeClient,
  snowflakeKey,
  snowflakePassword,
  snowflakeProperties,
  startSnowflake,
  statementsPath,
  tokenPath,
} from "@/testing/servers/snowflake-server";

const properties = { ...snowflakeProperties, authType: "pwd" };
const trials = createServiceTrials(
  "snowflake",
  { properties, secrets: { password: snowflakePassword } },
  startSnowflake,
);
afterAll(() => trials.close());

const byKey = { properties: { authType: "key_pair" }, secrets: { privateKey: snowflakeKey } };
const byClient = {
  properties: { authType: "oauth_client_credentials" },
  secrets: { oauthClient: snowflakeClient },
};
const every = ["name", "network", "tls", "sign_in", "permission"];

describe("by password", () => {
  it("passes every step and closes its session", async () => {
    const { result, passed } = await trials.ship();
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(every);
    expect(trials.requests()).toEqual([loginPath, queryPath, closePath]);
  });

  it("tries a wrong password once", async () => {
    const { result } = await trials.ship({ secrets: { password: "canary-wrong" } });
    expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "password" });
    expect(trials.requests()).toEqual([loginPath]);
  });

  it("sends no password that contains a line break", async () => {
    expect(await trials.check({ secrets: { password: `${snowflakePassword}\n` } })).toMatchObject({
      code: "secret_malformed",
      field: "password",
    });
    expect(trials.requests()).toEqual([]);
  });

  // Messages as users of the drivers report them (snowflake-connector-net#537, dbt-fusion#316,
  // posthog#66419, airbyte#23629, universql#24). Of the numbers, these reports contain 390201 and 394508;
  // the others only share the prefix of sign-in errors.
  it.each([
    [
      "390201",
      "The requested warehouse does not exist or not authorized.",
      "warehouse_not_found",
      "warehouse",
    ],
    ["390201", "The requested database does not exist or not authorized.", "database_not_found", "database"],
    ["390201", "The requested schema does not exist or not authorized.", "schema_not_found", "schema"],
    ["390189", "Role 'PIPELINES' specified in the connect string does not exist", "role_not_granted", "role"],
  ])("%s %s", async (number, message, code, field) => {
    const replies = { [loginPath]: loginRefusal(number, message) };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "permission", field });
  });

  it.each([
    ["394508", "Failed to authenticate: MFA with TOTP is required.", "second_factor_required", "username"],
    [
      "394300",
      "Multi-factor authentication is required for this account.",
      "second_factor_required",
      "username",
    ],
    ["390102", "Your user account has been temporarily locked due to", "account_locked", "username"],
    ["390422", "IP 203.0.113.7 is not allowed to access Snowflake.", "not_admitted", "username"],
    ["399999", "Something new", "not_admitted", "username"],
  ])("%s %s", async (number, message, code, field) => {
    const replies = { [loginPath]: loginRefusal(number, message) };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "sign_in", field });
  });

  it.each([
    [403, "not_admitted"],
    [404, "account_not_found"],
  ])("status %i", async (status, code) => {
    const replies = { [loginPath]: { status, body: {} } };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "sign_in", field: "account" });
  });

  it("closes its session after a refused statement, too", async () => {
    const replies = { [queryPath]: loginRefusal("000606", "No active warehouse selected") };
    expect(await trials.check({ replies })).toMatchObject({ code: "not_permitted", step: "permission" });
    expect(trials.requests().at(-1)).toBe(closePath);
  });
});

describe("a session that opened without its", () => {
  const whole = ["PIPELINES", "COMPUTE_WH", "SALES", "PUBLIC"];
  it.each([
    ["role", 0, "PUBLIC", "role_not_granted"],
    ["warehouse", 1, null, "warehouse_not_found"],
    ["database", 2, null, "database_not_found"],
    ["schema", 3, null, "schema_not_found"],
  ])("%s", async (field, index, has, code) => {
    const row = whole.with(index, String(has ?? "")).map((name) => name || null);
    const found = { code, step: "permission", field };
    expect(await trials.check({ replies: { [queryPath]: queryAnswer(row) } })).toMatchObject(found);
    const replies = { [statementsPath]: resultSet(row) };
    expect(await trials.check({ ...byKey, replies })).toMatchObject(found);
  });
});

describe("by key pair", () => {
  it("passes every step with a key in either form", async () => {
    const { result, passed } = await trials.ship(byKey);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(every);
    expect(trials.requests()).toEqual([statementsPath]);
  });

  it("tries a wrong key once", async () => {
    const { result } = await trials.ship({ ...byKey, secrets: { privateKey: createKey() } });
    expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "privateKey" });
    expect(trials.requests()).toEqual([statementsPath]);
  });

  const encrypted = () =>
    generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
    }).privateKey;
  const elliptic = () =>
    generateKeyPairSync("ec", { namedCurve: "P-256" })
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString();
  it.each([
    ["nothing that is a key", () => "canary-no-key", "private_key_invalid"],
    ["a key of another kind", elliptic, "private_key_invalid"],
    ["a short key", () => createKey(1024), "private_key_invalid"],
    ["a key with a passphrase", encrypted, "private_key_encrypted"],
  ])("sends nothing for %s", async (_what, key, code) => {
    const result = await trials.check({ ...byKey, secrets: { privateKey: key() } });
    expect(result).toMatchObject({ code, field: "privateKey" });
    expect(trials.requests()).toEqual([]);
  });

  // docs.snowflake.com/en/developer-guide/sql-api/reference
  it.each([
    [
      422,
      "390201",
      "The requested database does not exist or not authorized.",
      "database_not_found",
      "database",
    ],
    [422, "002003", "SQL compilation error", "not_permitted", "role"],
    [401, "390189", "Role 'PIPELINES' is not granted to this user.", "role_not_granted", "role"],
    [408, "000630", "Statement reached its statement timeout", "timed_out", "warehouse"],
  ])("%i %s", async (status, number, message, code, field) => {
    const replies = { [statementsPath]: { status, body: { code: number, message } } };
    expect(await trials.check({ ...byKey, replies })).toMatchObject({ code, field });
  });
});

describe("by OAuth client credentials", () => {
  it("passes every step", async () => {
    const { result, passed } = await trials.ship(byClient);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(every);
    expect(trials.requests()).toEqual([tokenPath, statementsPath]);
  });

  it("distinguishes a wrong client secret from a token that Snowflake refuses", async () => {
    const oauthClient = { ...snowflakeClient, clientSecret: "canary-wrong" };
    const refused = { code: "rejected_credentials", step: "sign_in", field: "oauthClient" };
    expect((await trials.ship({ ...byClient, secrets: { oauthClient } })).result).toMatchObject(refused);
    const stranger = { status: 200, body: { access_token: "eyJ-canary", token_type: "Bearer" } };
    const replies = { [tokenPath]: stranger };
    expect(await trials.check({ ...byClient, replies })).toMatchObject(refused);
  });

  it("reports an expired token", async () => {
    const replies = { [statementsPath]: { status: 401, body: { code: "390318", message: "expired" } } };
    expect(await trials.check({ ...byClient, replies })).toMatchObject({
      code: "credential_expired",
      field: "oauthClient",
    });
  });
});
