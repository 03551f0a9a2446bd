import { describe, expect, it } from "vitest";
import { parseSite } from "@/lib/connectors/kinds/sharepoint";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";
import { dataLake, drive, site, workspaces } from "@/testing/servers/microsoft-services";

const googleProperties = { projectId: "my-project-123", dataset: "sales", bucketName: "my-bucket" };
const key = { serviceAccountKey: "id" };
const base: Record<string, object> = {
  ADLS: { ...dataLake.properties, clientSecret: "id" },
  sharepoint: { ...site.properties, clientSecret: "id" },
  onedrive: { ...drive.properties, clientSecret: "id", userName: "id" },
  powerbi: { ...workspaces.properties, clientSecret: "id" },
  bigquery: { ...googleProperties, ...key },
  GCS: { bucketName: "my-bucket", ...key },
};

function destinationKeysOf(kind: string, change: object = {}): string[] | Record<string, string> {
  const connector = findConnector(kind);
  if (connector === null) throw new Error(`There is no kind ${kind}.`);
  const validated = validate(connector, { ...base[kind], ...change });
  if (!validated.ok) return validated.fieldErrors;
  return connector
    .destinations(validated.value, {})
    .map(({ protocol, host, port, secretFields }) => `${protocol}://${host}:${port} ${secretFields.join()}`);
}

describe("destinations of a cloud connection's secrets", () => {
  const entra = "https://login.microsoftonline.com:443 clientSecret";
  const google = "https://oauth2.googleapis.com:443 serviceAccountKey";
  it.each([
    ["ADLS", [entra, "https://contosolake.dfs.core.windows.net:443 clientSecret"]],
    ["sharepoint", [entra, "https://graph.microsoft.com:443 clientSecret"]],
    ["onedrive", [entra, "https://graph.microsoft.com:443 clientSecret,userName"]],
    ["powerbi", [entra, "https://api.powerbi.com:443 clientSecret"]],
    [
      "bigquery",
      [
        google,
        "https://bigquery.googleapis.com:443 serviceAccountKey",
        "https://storage.googleapis.com:443 serviceAccountKey",
      ],
    ],
    ["GCS", [google, "https://storage.googleapis.com:443 serviceAccountKey"]],
  ])("%s", (kind, expected) => {
    expect(destinationKeysOf(kind)).toEqual(expected);
  });

  it.each([
    [
      "ADLS",
      "accountName",
      ["x.attacker.com/", "evil.com#aa", "Contoso", "a-b", "ab", "contoso.blob", "a@evil"],
    ],
    ["ADLS", "containerName", ["../other", "a--b", "Raw", "-raw", "raw/x", "raw?comp=acl", "ra"]],
    [
      "ADLS",
      "tenantId",
      ["common", "organizations", "consumers", "../x", "contoso.com/evil", "a b.com", "x@y.com"],
    ],
    [
      "sharepoint",
      "siteUrl",
      [
        "http://contoso.sharepoint.com/sites/sales",
        "https://contoso.sharepoint.com.evil.com/sites/sales",
        "https://evil.com/contoso.sharepoint.com",
        "https://evil.com#.sharepoint.com",
        "https://evil.com\\.sharepoint.com/",
        "https://user@contoso.sharepoint.com/",
        "https://contoso.sharepoint.com:8443/sites/sales",
        "https://contoso.sharepoint.us/sites/sales",
        "https://contoso.sharepoint.cn/sites/sales",
        "https://contoso.sharepoint.com/sites/sales?x=1",
        "https://contoso.sharepoint.com/sites/sales:/drive",
        "https://contoso.sharepoint.com/sites/sales%3A/drive",
        "https://contoso.sharepoint.com/sites%2Fsales",
        "https://contoso.sharepoint.com/sites/%zz",
        "https://contoso.sharepoint.com/sites/sales/Shared%20Documents/Forms/AllItems.aspx",
      ],
    ],
    ["bigquery", "projectId", ["../x", "My Project", "a", "proj/../../x", "proj?x=1"]],
    ["bigquery", "dataset", ["sales.orders", "../x", "a-b", "a b"]],
    ["bigquery", "bucketName", ["gs://my-bucket", "UPPER", "a/b", "my-bucket/o", ".."]],
    ["bigquery", "authType", ["oauth", "pat"]],
    ["GCS", "bucketName", ["gs://my-bucket", "a/b", "x", "..", "a?b", "-a-"]],
  ])("%s rejects an invalid %s", (kind, field, values) => {
    for (const value of values)
      expect(destinationKeysOf(kind, { [field]: value }), value).toEqual({ [field]: expect.any(String) });
  });

  it("reports a missing Azure account (its name does not resolve) at its field", () => {
    const [, lake] = findConnector("ADLS")?.destinations({ accountName: "contosolake" }, {}) ?? [];
    expect(lake?.hostField).toBe("accountName");
  });

  it.each([
    ["ADLS", { tenantId: "contoso.onmicrosoft.com" }],
    ["ADLS", { containerName: "$web" }],
    ["bigquery", { projectId: "example.com:my-project-123" }],
    ["bigquery", { oAuthAppRegistrationID: "12", id: "" }],
    ["GCS", { bucketName: "files.example.com", projectId: "my-project-123" }],
  ])("%s accepts %o", (kind, change) => {
    expect(destinationKeysOf(kind, change)).toEqual(expect.any(Array));
  });
});

describe("the site address", () => {
  it.each([
    ["https://contoso.sharepoint.com", "contoso.sharepoint.com", ""],
    ["https://Contoso.SharePoint.com/sites/Sales/", "contoso.sharepoint.com", "/sites/Sales"],
    ["https://contoso.sharepoint.com/teams/a/b", "contoso.sharepoint.com", "/teams/a/b"],
    ["https://contoso.sharepoint.com/sites/a/../b", "contoso.sharepoint.com", "/sites/b"],
    ["https://contoso.sharepoint.com/sites/Größe 1", "contoso.sharepoint.com", "/sites/Gr%C3%B6%C3%9Fe%201"],
  ])("%s", (address, host, path) => {
    expect(parseSite(address)).toEqual({ host, path });
  });
});
