import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createTrials } from "@/testing/servers/check-trial";
import { createManyChecks } from "@/testing/servers/many-checks";
import type { MicrosoftOptions, MicrosoftServer } from "@/testing/servers/microsoft-server";
import {
  dataLake,
  drive,
  type MicrosoftService,
  microsoftExample,
  site,
  startService,
  workspaces,
} from "@/testing/servers/microsoft-services";
import type { ServiceReply } from "@/testing/servers/service-replies";
import type { StandIns } from "@/testing/servers/trial-job";

const standIns: StandIns = { routes: {}, authorities: [] };
const trials = createTrials(standIns);
const many = createManyChecks();
let authority: Authority;
let server: MicrosoftServer | undefined;

beforeAll(async () => {
  authority = await createAuthority("Selvage test authority");
  standIns.authorities = [authority.cert];
});
afterEach(() => server?.close());
afterAll(() => {
  trials.close();
  many.close();
});

const kinds = { ADLS: dataLake, sharepoint: site, onedrive: drive, powerbi: workspaces } as const;
type Kind = keyof typeof kinds;

type Change = { properties?: object; secrets?: Record<string, string>; server?: Partial<MicrosoftOptions> };

async function start(service: MicrosoftService, change: Change): Promise<MicrosoftService> {
  server = await startService(authority, service, change.server);
  standIns.routes = server.routes;
  const properties = { ...service.properties, ...change.properties };
  return { ...service, properties, secrets: { ...service.secrets, ...change.secrets } };
}

/** Runs the check in the shipped worker. */
async function tryOut(kind: Kind, change: Change = {}) {
  const { properties, secrets } = await start(kinds[kind], change);
  return trials.run(kind, properties, secrets);
}

async function check(kind: Kind, change: Change = {}) {
  return many.run(kind, microsoftExample(await start(kinds[kind], change)), standIns);
}

/** Runs the check against a service whose request number `at` (from 0) gets this reply. */
async function checkWith(kind: Kind, at: number, reply: ServiceReply) {
  const paths = Object.keys(kinds[kind].good);
  const replies = { ...kinds[kind].good, [paths[at] ?? ""]: reply };
  return check(kind, { server: { replies } });
}

describe.each(Object.entries(kinds) as [Kind, MicrosoftService][])("%s", (kind, { host, good }) => {
  it("passes every step and sends each request once", async () => {
    const { result, passed } = await tryOut(kind);
    expect(result).toMatchObject({ ok: true });
    expect(passed).toEqual(["name", "network", "tls", "sign_in", "permission"]);
    const expected = Object.keys(good).map((path) => `GET ${host}${path}`);
    expect(server?.requests).toEqual([expect.stringMatching(/^POST login.*token$/), ...expected]);
  });

  it("tries a wrong secret once, and sends no further request", async () => {
    const { result } = await tryOut(kind, { secrets: { clientSecret: "canary-wrong" } });
    expect(result).toMatchObject({ code: "rejected_credentials", step: "sign_in", field: "clientSecret" });
    expect(server?.requests).toHaveLength(1);
  });
});

describe("sign-in at Microsoft Entra ID", () => {
  it("names an unknown tenant or client", async () => {
    const unknown = { properties: { tenantId: "other.onmicrosoft.com" } };
    expect(await check("powerbi", unknown)).toMatchObject({
      code: "tenant_not_found",
      step: "sign_in",
      field: "tenantId",
    });
    await server?.close();
    expect(await check("powerbi", { properties: { clientId: "nobody" } })).toMatchObject({
      code: "client_unknown",
      step: "sign_in",
      field: "clientId",
    });
  });

  it.each([
    [7000222, "invalid_client", 401, "credential_expired", "clientSecret"],
    [7000229, "invalid_client", 401, "client_unknown", "clientId"],
    [7000112, "unauthorized_client", 400, "account_locked", "clientId"],
    [900023, "invalid_request", 400, "tenant_not_found", "tenantId"],
    [53003, "access_denied", 400, "not_admitted", "clientId"],
    [500011, "invalid_resource", 400, "service_disabled", "tenantId"],
    [70011, "invalid_scope", 400, "scope_rejected", "clientId"],
    [1002012, "invalid_scope", 400, "scope_rejected", "clientId"],
    [7000299, "invalid_client", 401, "rejected_credentials", "clientSecret"],
    [1, "interaction_required", 400, "misconfigured", "tenantId"],
  ])("maps AADSTS%i", async (number, error, status, code, field) => {
    const result = await check("powerbi", { server: { refuseWith: { status, error, number } } });
    expect(result).toMatchObject({ ok: false, code, step: "sign_in", field });
  });

  it("does not send a secret that ends in a line break", async () => {
    const result = await check("powerbi", { secrets: { clientSecret: "canary-secret\n" } });
    expect(result).toMatchObject({ code: "secret_malformed", field: "clientSecret" });
    expect(server?.requests).toEqual([]);
  });
});

describe("ADLS", () => {
  // learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/list and …/common-rest-api-error-codes
  it.each([
    [404, "FilesystemNotFound", "container_not_found", "containerName"],
    [404, "ContainerNotFound", "container_not_found", "containerName"],
    [403, "AuthorizationPermissionMismatch", "not_permitted", "containerName"],
    [403, "InsufficientAccountPermissions", "not_permitted", "containerName"],
    [403, "AuthorizationFailure", "not_admitted", "accountName"],
    [403, "AuthorizationSourceIPMismatch", "not_admitted", "accountName"],
    [403, "AccountIsDisabled", "account_locked", "accountName"],
    [401, "InvalidAuthenticationInfo", "not_permitted", "tenantId"],
    [409, "EndpointUnsupportedAccountFeatures", "service_disabled", "accountName"],
    [400, "InvalidUri", "misconfigured", "accountName"],
  ])("%i %s", async (status, errorCode, code, field) => {
    const body = { error: { code: errorCode, message: "This request is not authorized." } };
    const expected = { ok: false, code, step: "permission", field };
    expect(await checkWith("ADLS", 0, { status, body })).toMatchObject(expected);
    await server?.close();
    const headers = { "x-ms-error-code": errorCode };
    expect(await checkWith("ADLS", 0, { status, body: {}, headers })).toMatchObject(expected);
  });
});

describe("SharePoint", () => {
  // learn.microsoft.com/graph/errors
  it.each([
    [0, 404, "itemNotFound", "site_not_found"],
    [0, 400, "invalidRequest", "site_not_found"],
    [0, 403, "accessDenied", "consent_missing"],
    [0, 401, "unauthenticated", "consent_missing"],
    [0, 410, "notAllowed", "misconfigured"],
    [1, 403, "accessDenied", "consent_missing"],
    [1, 404, "itemNotFound", "drive_not_found"],
  ])("request %i: %i %s", async (at, status, errorCode, code) => {
    const body = {
      error: { code: errorCode, message: "Refused", innerError: { date: "2026-01-09T02:02:12" } },
    };
    expect(await checkWith("sharepoint", at, { status, body })).toMatchObject({
      ok: false,
      code,
      step: "permission",
      field: "siteUrl",
    });
  });

  it("requests no path other than that of the site's own ID", async () => {
    const stranger = { status: 200, body: { id: "../users/someone" } };
    expect(await checkWith("sharepoint", 0, stranger)).toMatchObject({ code: "unexpected_answer" });
  });

  it("finds the root site too", async () => {
    const [, files = ""] = Object.keys(site.good);
    const id = files.split("/")[3];
    const replies = {
      "/v1.0/sites/contoso.sharepoint.com?$select=id": { status: 200, body: { id } },
      ...site.good,
    };
    const properties = { siteUrl: "https://contoso.sharepoint.com/" };
    expect(await check("sharepoint", { properties, server: { replies } })).toMatchObject({
      ok: true,
    });
  });
});

describe("OneDrive", () => {
  // learn.microsoft.com/graph/errors; a user without a drive as in github.com/microsoftgraph/msgraph-sdk-dotnet/issues/579
  it.each([
    [404, "Request_ResourceNotFound", "Resource does not exist.", "user_not_found", "userName"],
    [404, "ResourceNotFound", "User's mysite not found.", "drive_not_found", "userName"],
    [400, "BadRequest", "Unable to retrieve user's mysite URL.", "drive_not_found", "userName"],
    [404, "itemNotFound", "The resource could not be found.", "drive_not_found", "userName"],
    [400, "BadRequest", "Tenant does not have a SPO license.", "service_disabled", "tenantId"],
    [403, "accessDenied", "Access denied", "consent_missing", "clientId"],
    [401, "unauthenticated", "Unauthenticated", "consent_missing", "clientId"],
  ])("%i %s: %s", async (status, errorCode, message, code, field) => {
    expect(
      await checkWith("onedrive", 0, { status, body: { error: { code: errorCode, message } } }),
    ).toMatchObject({
      ok: false,
      code,
      step: "permission",
      field,
    });
  });

  it("requests only a user", async () => {
    for (const userName of ["canary-nobody", "canary/../me@contoso.example", ".."]) {
      const result = await check("onedrive", { secrets: { userName } });
      expect(result, userName).toMatchObject({
        code: "user_not_found",
        step: "permission",
        field: "userName",
      });
      expect(server?.requests).toHaveLength(1);
      await server?.close();
    }
  });
});

describe("Power BI", () => {
  // learn.microsoft.com/power-bi/developer/embedded/embedded-troubleshoot and …/embed-service-principal
  it.each([
    [401, "ServicePrincipalIsNotAllowedByTenantAdminSwitch", "service_disabled"],
    [403, "PowerBINotAuthorizedException", "service_disabled"],
    [403, "Unauthorized", "consent_missing"],
    [401, "TokenExpired", "consent_missing"],
  ])("%i %s", async (status, errorCode, code) => {
    const expected = { ok: false, code, step: "permission", field: "clientId" };
    const inBody = { status, body: { error: { code: errorCode } } };
    expect(await checkWith("powerbi", 0, inBody)).toMatchObject(expected);
    await server?.close();
    const inHeader = { status, body: {}, headers: { "x-powerbi-error-info": errorCode } };
    expect(await checkWith("powerbi", 0, inHeader)).toMatchObject(expected);
  });

  it("reports that the application is not a member of any workspace", async () => {
    expect(await checkWith("powerbi", 0, { status: 200, body: { value: [] } })).toMatchObject({
      code: "not_permitted",
      step: "permission",
      field: "clientId",
    });
  });
});
