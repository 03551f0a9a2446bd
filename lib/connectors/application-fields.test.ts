import { describe, expect, it } from "vitest";
import { parseJdbcUrl } from "@/lib/connectors/kinds/databricks";
import { snowflakeAccountName, snowflakeHost } from "@/lib/connectors/kinds/snowflake";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";

const workspace = "dbc-a1b2345c-d6e7.cloud.databricks.com";
const jdbc = (
  host: string,
  settings = "transportMode=http;ssl=1;AuthMech=3;httpPath=/sql/1.0/warehouses/12ab;",
) => `jdbc:databricks://${host}/default;${settings}`;
const context = { warehouse: "W", database: "D", schema: "S", role: "R" };
const base: Record<string, object> = {
  databricks: { jdbcUrl: jdbc(`${workspace}:443`), catalog: "main", schema: "s", token: "id" },
  snowflake: { account: "myorg-acct", username: "etl", password: "id", ...context },
  salesforce: { sfURL: "https://acme.my.salesforce.com", sfUser: "a", sfPassword: "b", sfToken: "c" },
  tableau: { serverUrl: "https://tableau.example.com", siteName: "x", tokenName: "t", tokenValue: "id" },
  smartsheet: { accessToken: "id" },
};

function destinationKeysOf(kind: string, change: object = {}): string[] | Record<string, string> {
  const connector = findConnector(kind);
  if (connector === null) throw new Error(`There is no kind ${kind}.`);
  const validated = validate(connector, { ...base[kind], ...change });
  if (!validated.ok) return validated.fieldErrors;
  const metadata = { oauthClient: { subKind: "m2m_oauth" as const, authHost: "login.example.com:443" } };
  return connector
    .destinations(validated.value, metadata)
    .map(({ protocol, host, port, secretFields }) => `${protocol}://${host}:${port} ${secretFields.join()}`);
}

describe("destinations of a connection's secrets", () => {
  const principal = { authType: "oauth", clientId: "c", clientSecret: "id", token: undefined };
  const oauth = { authType: "oauth_client_credentials", oauthClient: "id" };
  it.each([
    ["databricks", {}, [`https://${workspace}:443 token`]],
    [
      "databricks",
      { oAuthType: "m2m", provider: "databricks", ...principal },
      [`https://${workspace}:443 clientSecret`],
    ],
    ["databricks", principal, [`https://${workspace}:443 clientSecret`]],
    ["databricks", { jdbcUrl: jdbc(`${workspace}:8443`) }, [`https://${workspace}:8443 token`]],
    ["snowflake", {}, ["https://myorg-acct.snowflakecomputing.com:443 password"]],
    [
      "snowflake",
      { authType: "key_pair", privateKey: "id" },
      ["https://myorg-acct.snowflakecomputing.com:443 privateKey"],
    ],
    [
      "snowflake",
      oauth,
      [
        "oauth-token://login.example.com:443 oauthClient",
        "https://myorg-acct.snowflakecomputing.com:443 oauthClient",
      ],
    ],
    ["salesforce", {}, ["https://acme.my.salesforce.com:443 sfUser,sfPassword,sfToken"]],
    ["tableau", {}, ["https://tableau.example.com:443 tokenValue"]],
    [
      "tableau",
      { serverUrl: "https://tableau.example.com:8443/", caCertificate: "id" },
      ["https://tableau.example.com:8443 tokenValue,caCertificate"],
    ],
    ["smartsheet", {}, ["https://api.smartsheet.com:443 accessToken"]],
  ])("%s %o", (kind, change, expected) => {
    expect(destinationKeysOf(kind, change)).toEqual(expected);
  });

  it.each([
    [
      "databricks",
      "jdbcUrl",
      [
        jdbc("evil.com"),
        jdbc("evil.com/x.cloud.databricks.com"),
        jdbc("cloud.databricks.com.evil.com"),
        jdbc("evilazuredatabricks.net"),
        jdbc(`user:pw@${workspace}`),
        jdbc(`${workspace}#.evil.com`),
        jdbc(`${workspace}:0`),
        jdbc(`${workspace}:70000`),
        jdbc(workspace, "transportMode=http;ssl=1"),
        jdbc(workspace, "ssl=0;httpPath=/sql/1.0/warehouses/12ab"),
        jdbc(workspace, "httpPath=/sql/1.0/warehouses/12ab;UID=token;PWD=dapi1234"),
        jdbc(workspace, "httpPath=/sql/1.0/warehouses/12ab;ProxyHost=evil.com"),
        jdbc(workspace, "httpPath=/sql/1.0/warehouses/12ab;httpPath=/sql/1.0/warehouses/34cd"),
        jdbc(workspace, "httpPath=/sql/1.0/warehouses/../../x"),
        jdbc(workspace, "httpPath=/sql/1.0/warehouses/12ab?x=1"),
        jdbc(workspace, "httpPath=sql/protocolv1/o/0/0123-456789-abc"),
        `https://${workspace}/sql/1.0/warehouses/12ab`,
      ],
    ],
    ["databricks", "catalog", ["main.x", "a/b", "a b"]],
    ["databricks", "schema", ["main.sales", "../x"]],
    ["databricks", "authType", ["basic"]],
    [
      "snowflake",
      "account",
      [
        "evil.com/",
        "https://evil.com",
        "https://evil.com/.snowflakecomputing.com",
        "evil.com#.snowflakecomputing.com",
        "acct.snowflakecomputing.com.evil.com",
        "acct.snowflakecomputing.com@evil.com",
        "http://acct.snowflakecomputing.com",
        "acct.snowflakecomputing.com:8443",
        "acct.snowflakecomputing.com/console",
        "https://app.snowflake.com/myorg/acct",
        "a..b",
        "-a",
        "a b",
        "a.b.c.d.e",
      ],
    ],
    ["snowflake", "authType", ["oauth", "externalbrowser"]],
    [
      "salesforce",
      "sfURL",
      [
        "http://acme.my.salesforce.com",
        "https://login.salesforce.com",
        "https://acme.lightning.force.com",
        "https://acme.my.salesforce.com.evil.com",
        "https://evil.com/acme.my.salesforce.com",
        "https://evil.com#.my.salesforce.com",
        "https://acme@evil.com/.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com/services",
      ],
    ],
    ["salesforce", "sfAPI", ["54", "v54.0", "30.0", "65.0", "54.0/../..", "54.1"]],
    [
      "tableau",
      "serverUrl",
      [
        "http://tableau.example.com",
        "https://tableau.example.com/#/site/x/home",
        "https://user@tableau.example.com",
        "https://tableau.example.com?x=1",
        "https://tableau.example.com\\@evil.com",
        "https://tableau.example.com:0",
        "tableau.example.com",
      ],
    ],
    ["tableau", "siteName", ["a/b", "my site", "../x"]],
  ])("%s rejects an invalid %s", (kind, field, values) => {
    for (const value of values)
      expect(destinationKeysOf(kind, { [field]: value }), value).toEqual({ [field]: expect.any(String) });
  });

  it("rejects a user's sign-in at Databricks, because nobody can choose it", () => {
    const change = { authType: "oauth", oAuthType: "u2m", oAuthAppRegistrationID: "12" };
    expect(destinationKeysOf("databricks", change)).toEqual({
      oAuthType:
        "This is not available. A connection signs in without a person: use m2m with the client ID and client secret of a service principal, or authType pat.",
    });
  });
});

describe("the Databricks JDBC URL", () => {
  it.each([
    [jdbc(workspace), workspace, 443, "12ab"],
    [jdbc(workspace.toUpperCase()), workspace, 443, "12ab"],
    [`jdbc:spark://${workspace}:443;httpPath=sql/1.0/endpoints/12ab`, workspace, 443, "12ab"],
    [
      "jdbc:databricks://adb-1234.5.azuredatabricks.net:443/default;transportMode=http;ssl=1;AuthMech=11;Auth_Flow=1;httpPath=/sql/1.0/warehouses/34cd;ConnCatalog=main;",
      "adb-1234.5.azuredatabricks.net",
      443,
      "34cd",
    ],
  ])("%s", (url, host, port, warehouseId) => {
    expect(parseJdbcUrl(url)).toEqual({ host, port, warehouseId });
  });
});

describe("a wrong Databricks JDBC URL", () => {
  const path = "httpPath=/sql/1.0/warehouses/12ab";
  it.each([
    ["<databricks-jdbc>", /as in the SQL warehouse’s connection details/],
    [jdbc("evil.example"), /not a host of Databricks/],
    [jdbc(`${workspace}:70000`), /not a host of Databricks/],
    [jdbc(workspace, `${path};UID=token;PWD=dapi1234`), /without a user name, a password or a token/],
    [jdbc(workspace, `${path};Auth_AccessToken=dapi1234`), /without a user name, a password or a token/],
    [jdbc(workspace, "httpPath=/sql/protocolv1/o/0/0123-456789-abcdefgh"), /an all-purpose cluster/],
    [jdbc(workspace, "httpPath=/sql/1.0/warehouses/12"), /the warehouse’s id/],
    [jdbc(workspace, "transportMode=http"), /the warehouse’s id/],
    [jdbc(workspace, `${path};ssl=0`), /Remove all parameters except/],
    [jdbc(workspace, `${path};UseNativeQuery=1`), /Remove all parameters except/],
  ])("%s is told what is wrong, and nothing of it is repeated", (jdbcUrl, reason) => {
    const { jdbcUrl: error } = destinationKeysOf("databricks", { jdbcUrl }) as Record<string, string>;
    expect(error).toMatch(reason);
    expect(error).not.toContain("dapi1234");
  });
});

describe("the Snowflake account", () => {
  it.each([
    ["https://MyOrg-Acct.snowflakecomputing.com/", "myorg-acct.snowflakecomputing.com", "MYORG-ACCT"],
    ["https://myorg-acct.snowflakecomputing.com:443", "myorg-acct.snowflakecomputing.com", "MYORG-ACCT"],
    ["xy12345.us-east-2.aws", "xy12345.us-east-2.aws.snowflakecomputing.com", "XY12345"],
    [
      "xy12345.us-east-2.aws.snowflakecomputing.com",
      "xy12345.us-east-2.aws.snowflakecomputing.com",
      "XY12345",
    ],
    ["myorg-my_acct", "myorg-my-acct.snowflakecomputing.com", "MYORG-MY_ACCT"],
    ["myorg-acct.privatelink", "myorg-acct.privatelink.snowflakecomputing.com", "MYORG-ACCT"],
    ["xy1.cn-northwest-1.aws.snowflakecomputing.cn", "xy1.cn-northwest-1.aws.snowflakecomputing.cn", "XY1"],
  ])("%s", (account, host, name) => {
    expect(snowflakeHost(account)).toBe(host);
    expect(snowflakeAccountName(account)).toBe(name);
  });
});
