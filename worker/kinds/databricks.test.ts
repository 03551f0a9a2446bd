import { afterAll, describe, expect, it } from "vitest";
import {
  databricksError,
  databricksPrincipal,
  databricksProperties,
  databricksToken,
  goodDatabricks,
  schemaPath,
  startDatabricks,
  tokenPath,
  warehousePath,
} from "@/testing/servers/databricks-server";
import { createServiceTrials } from "@/testing/servers/service-trials";

const properties = { ...databricksProperties, authType: "pat" };
const trials = createServiceTrials(
  "databricks",
  { properties, secrets: { token: databricksToken } },
  startDatabricks,
);
afterAll(() => trials.close());

const { clientId, clientSecret } = databricksPrincipal;
const principal = {
  properties: { authType: "oauth", oAuthType: "m2m", clientId },
  secrets: { clientSecret },
};
const every = ["name", "network", "tls", "sign_in", "permission"];

describe("by personal access token", () => {
  it("passes every step and only reads", async () => {
    const { result, passed } = await trials.ship();
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(every);
    expect(trials.requests()).toEqual(Object.keys(goodDatabricks));
  });

  it("tries a wrong token once", async () => {
    const { result } = await trials.ship({ secrets: { token: "dapi-canary-wrong" } });
    expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "token" });
    expect(trials.requests()).toEqual([warehousePath]);
  });

  it("sends no token that contains a line break", async () => {
    expect(await trials.check({ secrets: { token: `${databricksToken}\n` } })).toMatchObject({
      code: "secret_malformed",
      field: "token",
    });
    expect(trials.requests()).toEqual([]);
  });
});

describe("as a service principal", () => {
  it("passes every step", async () => {
    const { result, passed } = await trials.ship(principal);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(every);
    expect(trials.requests()).toEqual([tokenPath, ...Object.keys(goodDatabricks)]);
  });

  it("tries a wrong secret once", async () => {
    const { result } = await trials.ship({ ...principal, secrets: { clientSecret: "dose-canary-wrong" } });
    expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "clientSecret" });
    expect(trials.requests()).toEqual([tokenPath]);
  });

  // RFC 6749, section 5.2
  it.each([
    [400, "invalid_scope", "scope_rejected", "clientId"],
    [400, "unauthorized_client", "grant_not_allowed", "clientId"],
    [404, "", "unexpected_answer", "jdbcUrl"],
  ])("%i %s", async (status, error, code, field) => {
    const replies = { [tokenPath]: { status, body: { error } } };
    expect(await trials.check({ ...principal, replies })).toMatchObject({ code, step: "sign_in", field });
  });

  it("reports a warehouse that the principal may not use after the sign-in", async () => {
    const replies = { [warehousePath]: databricksError(403, "PERMISSION_DENIED", "Not authorized") };
    expect(await trials.check({ ...principal, replies })).toMatchObject({
      code: "not_permitted",
      step: "permission",
      field: "jdbcUrl",
    });
  });
});

describe("refusals", () => {
  // Token errors as in databricks/databricks-sdk-go#873 and databricks/databricks-vscode#583.
  it.each([
    [403, 403, "Token is expiring within 30 seconds. (token expired)", "credential_expired", "token"],
    [401, 401, "Credential was not sent or was of an unsupported type", "rejected_credentials", "token"],
    [403, 403, "Invalid access to Org: 7127657513572111", "not_admitted", "jdbcUrl"],
  ])("%i %s: %s", async (status, error, message, code, field) => {
    const replies = { [warehousePath]: databricksError(status, error, message) };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "sign_in", field });
  });

  // CATALOG_DOES_NOT_EXIST as in the SDKs; the codes for schema and metastore follow its pattern. The
  // status decides.
  it.each([
    [warehousePath, 404, "RESOURCE_DOES_NOT_EXIST", "Unable to find", "warehouse_not_found", "jdbcUrl"],
    [warehousePath, 400, "INVALID_PARAMETER_VALUE", "x is not a valid", "warehouse_not_found", "jdbcUrl"],
    [warehousePath, 403, "PERMISSION_DENIED", "is not authorized", "not_permitted", "jdbcUrl"],
    [
      schemaPath,
      404,
      "CATALOG_DOES_NOT_EXIST",
      "Catalog 'main' does not exist.",
      "catalog_not_found",
      "catalog",
    ],
    [schemaPath, 404, "NOT_FOUND", "Catalog 'main' does not exist.", "catalog_not_found", "catalog"],
    [schemaPath, 404, "SCHEMA_DOES_NOT_EXIST", "Schema 'main.sales' …", "schema_not_found", "schema"],
    [schemaPath, 403, "PERMISSION_DENIED", "… USE CATALOG on Catalog 'main'", "not_permitted", "catalog"],
    [schemaPath, 403, "PERMISSION_DENIED", "… USE SCHEMA on Schema 'main.sales'", "not_permitted", "schema"],
    [schemaPath, 404, "METASTORE_DOES_NOT_EXIST", "No metastore assigned", "service_disabled", "catalog"],
    [schemaPath, 400, "INVALID_PARAMETER_VALUE", "…", "unexpected_answer", "catalog"],
  ])("%s: %i %s %s", async (path, status, error, message, code, field) => {
    const replies = { [path]: databricksError(status, error, message) };
    expect(await trials.check({ replies })).toMatchObject({ code, step: "permission", field });
  });

  it("treats a warehouse that is being deleted as missing", async () => {
    const replies = { [warehousePath]: { status: 200, body: { id: "1234567890abcdef", state: "DELETING" } } };
    expect(await trials.check({ replies })).toMatchObject({ code: "warehouse_not_found", field: "jdbcUrl" });
  });
});
