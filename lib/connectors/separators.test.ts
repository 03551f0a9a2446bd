import { describe, expect, test } from "vitest";
import { connectors, findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";

const secret = "0192f0c1-0000-7000-8000-000000000001";
const tenant = {
  tenantId: "contoso.onmicrosoft.com",
  clientId: "2f1d0f3a-6b1e-4c8e-9a65-0c9b1d2e3f40",
  clientSecret: secret,
};
const jdbc = (host: string, rest = "transportMode=http;ssl=1;AuthMech=3;") =>
  `jdbc:databricks://${host}:443/default;${rest}httpPath=/sql/1.0/warehouses/1234567890abcdef;`;

const hosts = {
  accepted: [
    "db.example.com",
    "DB-1.Example.Com",
    "db.example.com.",
    "db",
    "localhost",
    "my_db",
    "xn--bcher-kva.example",
    "bücher.example",
    "例え.テスト",
    "192.0.2.7",
    "2001:db8::7",
    "[2001:db8::7]",
    "::ffff:192.0.2.7",
  ],
  refused: [
    // Option separators for clients that build ODBC, ADO.NET or JDBC addresses.
    "db.example.com;host=evil.example",
    "db.example.com;Server=evil.example",
    "db.example.com&sslmode=disable",
    "db.example.com?sslmode=disable",
    "host=evil.example",
    // Oracle connect descriptors.
    "db.example.com)(ADDRESS=(PROTOCOL=tcp)(HOST=evil.example)(PORT=1521)",
    "(HOST=evil.example)",
    // Host lists of libpq, MongoDB, JDBC and Go.
    "db.example.com,evil.example",
    "db.example.com evil.example",
    "db.example.com\tevil.example",
    "tcp(evil.example)",
    // User information, ports, paths and fragments of URLs.
    "evil.example@db.example.com",
    "db.example.com:5432",
    "db.example.com/sales",
    "db.example.com\\instance",
    "db.example.com#x",
    "postgres://db.example.com",
    "db.example.com%2Fx",
    "db.example.com*",
    "'db.example.com'",
    "{db.example.com}",
    "$(id).example.com",
    // A command-line option.
    "-oProxyCommand=id",
    "-db.example.com",
    "db-.example.com",
    // Characters that no resolver accepts.
    "db..example.com",
    ".example.com",
    "[db.example.com]",
    "[2001:db8::7",
    "2001:db8::7]",
    "fe80::1%eth0",
    "999.1.1.1",
    "1.2.3.4.5",
    // Clients disagree on the address that these forms mean.
    "010.0.0.1",
    "0x7f.1",
    "faß.example",
    "ｄb.example",
    "2130706433",
    "127.1",
    "１２７.0.0.1",
    "db。example.com",
  ],
};

/** Names of databases, schemas, warehouses and roles. */
const names = {
  accepted: [
    "sales",
    "Sales 2026",
    "sales-eu",
    "sales.v2",
    "_tmp",
    "$external",
    "Verkäufe",
    "売上",
    "a+b",
    "A|B",
  ],
  refused: [
    "sales;Server=evil.example",
    "sales&role=ACCOUNTADMIN",
    "sales?sslmode=disable",
    "sales host=evil.example",
    "host=evil.example",
    "sales#x",
    "sales/x",
    "sales\\x",
    "x@evil.example",
    "sales:1521",
    "sales,other",
    "sales)(HOST=evil.example)",
    "postgres://evil.example/sales",
    "sales[x]",
    "sales{x}",
    "'sales'",
    '"sales"',
    "`sales`",
    "sales%3Fx",
    "-csearch_path=x",
    "--help",
  ],
};

/** Login names. Some servers have users with one of these characters in their names; `accepted` lists them. */
const users = (...accepted: string[]) => ({
  accepted: ["etl", "Etl Service", "etl-1.eu", ...accepted],
  refused: [
    "etl;Server=evil.example",
    "etl&role=ACCOUNTADMIN",
    "etl?x",
    "etl host=evil.example",
    "etl/x@evil.example",
    "x@evil.example/",
    "etl,other",
    "etl)(HOST=evil.example)",
    '"etl"',
    "etl%40evil.example",
    "-oProxyCommand=id",
  ],
});

const id = {
  accepted: ["2f1d0f3a-6b1e-4c8e-9a65-0c9b1d2e3f40", "app_1.x"],
  refused: ["a;b", "a&b=c", "a/b", "a?b"],
};

type Cases = { accepted: string[]; refused: string[] };
type Row = { valid: Record<string, unknown>; fields: Record<string, Cases>; plain?: string[] };

const database = { server: "db.example.com", username: "etl", password: secret, database: "sales" };

/** Every free-text field of every kind, with the input it accepts and rejects. */
const kinds: Record<string, Row> = {
  postgres: {
    valid: { ...database, schema: "public" },
    fields: { server: hosts, database: names, schema: names, username: users("etl@server", "o.etl") },
  },
  redshift: {
    valid: database,
    fields: { server: hosts, database: names, username: users("IAM:etl", "etl@example.com") },
  },
  mysql: { valid: database, fields: { server: hosts, database: names, username: users("etl@server") } },
  synapse: {
    valid: database,
    fields: { server: hosts, database: names, username: users("etl@workspace", "DOMAIN\\etl") },
  },
  mssql: {
    valid: { server: "sql.example.com", username: "etl", password: secret },
    fields: { server: hosts, username: users("etl@server", "DOMAIN\\etl") },
  },
  oracle: {
    valid: database,
    fields: {
      server: hosts,
      username: users("C##ETL", "ETL$1"),
      database: {
        accepted: ["sales", "sales.example.com", "ORCL$1", "C#1", "sales-eu"],
        refused: [
          "sales)(SID=x",
          "sales/x",
          "//evil.example/sales",
          "evil.example:1521/sales",
          "sales:pooled",
          "sales?x",
          "a=b",
          "sales x",
          "@x",
        ],
      },
    },
  },
  hana: {
    valid: { host: "hana.example.com", port: "443", username: "ETL", password: secret },
    fields: { host: hosts, username: users("SALES#ETL", "etl@example.com") },
  },
  mongodb: {
    valid: {
      host: "db.example.com",
      username: "etl",
      password: secret,
      database: "sales",
      collection: "orders",
      authSource: "admin",
    },
    fields: {
      host: {
        // The only kind whose field accepts a port and no list.
        accepted: [
          "db.example.com",
          "db.example.com:27018",
          "192.0.2.7:27018",
          "[2001:db8::7]:27018",
          "[2001:db8::7]",
        ],
        refused: [
          "db.example.com,evil.example",
          "db.example.com:27017,evil.example:27017",
          "db.example.com:27017/?tls=false",
          "etl:x@evil.example",
          "db.example.com;x",
          "db.example.com&x",
          "db.example.com:",
          "db.example.com:0",
          "db.example.com:70000",
          "010.0.0.1:27017",
          "faß.example:27017",
          "-x",
          "[db.example.com]:27017",
        ],
      },
      database: names,
      authSource: names,
      collection: {
        accepted: ["orders", "orders.v2", "system.profile", "a:b"],
        refused: ["orders?tls=false", "a&b=c", "a/b", "a;b"],
      },
      username: users("etl@example.com"),
    },
  },
  snowflake: {
    valid: {
      account: "myorg-myaccount",
      username: "etl",
      password: secret,
      warehouse: "WH",
      database: "SALES",
      schema: "PUBLIC",
      role: "LOADER",
    },
    fields: {
      account: {
        accepted: [
          "myorg-myaccount",
          "xy12345.us-east-2.aws",
          "my_account",
          "https://myorg-myaccount.snowflakecomputing.com",
          "myorg-myaccount.snowflakecomputing.com",
        ],
        refused: [
          "https://evil.example",
          "evil.example/?x",
          "myorg;x",
          "myorg&role=x",
          "myorg@evil.example",
          "https://evil.example/.snowflakecomputing.com",
          "myorg.snowflakecomputing.com.evil.example",
          "https://myorg.snowflakecomputing.com/?role=x",
        ],
      },
      warehouse: names,
      database: names,
      schema: names,
      role: names,
      username: users("etl@example.com"),
    },
  },
  databricks: {
    valid: {
      jdbcUrl: jdbc("dbc-a1b2345c-d6e7.cloud.databricks.com"),
      catalog: "main",
      schema: "default",
      authType: "oauth",
      clientId: "2f1d0f3a-6b1e-4c8e-9a65-0c9b1d2e3f40",
      clientSecret: secret,
    },
    fields: {
      jdbcUrl: {
        accepted: [
          jdbc("adb-1.2.azuredatabricks.net"),
          jdbc("dbc-a1.cloud.databricks.com", "ConnCatalog=main;ssl=1;"),
        ],
        refused: [
          jdbc("evil.example"),
          jdbc("dbc-a1.cloud.databricks.com.evil.example"),
          jdbc("dbc-a1.cloud.databricks.com", "ProxyHost=evil.example;"),
          jdbc("dbc-a1.cloud.databricks.com", "UseProxy=1;"),
          jdbc("dbc-a1.cloud.databricks.com", "SSLTrustStore=/tmp/x;"),
          jdbc("dbc-a1.cloud.databricks.com", "ssl=0;"),
          jdbc("dbc-a1.cloud.databricks.com", "PWD=x;"),
          jdbc("token:x@dbc-a1.cloud.databricks.com"),
        ],
      },
      catalog: {
        accepted: ["main", "sales-eu", "_x"],
        refused: ["main;ssl=0", "main.x", "a/b", "a b", "a=b", "a&b", "-x"],
      },
      schema: { accepted: ["default"], refused: ["default;ssl=0", "a.b", "a/b", "a b", "a=b"] },
      clientId: id,
      oAuthAppRegistrationID: id,
      metadataUserID: id,
    },
  },
  bigquery: {
    valid: {
      projectId: "my-project-123",
      dataset: "sales",
      serviceAccountKey: secret,
      bucketName: "my-bucket",
    },
    fields: {
      projectId: {
        accepted: ["my-project-123", "example.com:my-project"],
        refused: ["p;OAuthType=2", "evil/../x-project", "My Project"],
      },
      dataset: { accepted: ["sales_2026"], refused: ["sales;x=1", "sales.x", "sales/x", "sales?x"] },
      bucketName: { accepted: ["my-bucket", "my.bucket_1"], refused: ["gs://x", "a/b", "a;b", "a?b"] },
      oAuthAppRegistrationID: id,
    },
  },
  GCS: {
    valid: { bucketName: "my-bucket", serviceAccountKey: secret },
    fields: {
      bucketName: {
        accepted: ["my.bucket"],
        refused: ["gs://my-bucket", "my-bucket/x", "a?b", "a@evil.example"],
      },
    },
  },
  s3: {
    valid: {
      region: "us-east-1",
      bucketName: "my-bucket",
      accessKeyID: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: secret,
    },
    fields: {
      region: {
        accepted: ["eu-west-1"],
        refused: ["us-east-1.evil.example", "us-east-1;x", "us-east-1/", "us-east-1@x"],
      },
      bucketName: {
        accepted: ["my.bucket"],
        refused: ["s3://x", "evil.example/x", "a?b", "a#b", "a@evil.example"],
      },
      accessKeyID: {
        accepted: ["ASIAIOSFODNN7EXAMPLE"],
        refused: ["AKIAIOSFODNN7EXAMPLE:x", "AKIA;IOSFODNN7EXAMPLE"],
      },
    },
  },
  ADLS: {
    valid: { ...tenant, accountName: "mystorage", containerName: "raw" },
    fields: {
      tenantId: {
        accepted: ["contoso.com"],
        refused: ["contoso.com/x", "evil.example@x", "../x", "contoso.com?x"],
      },
      clientId: id,
      accountName: { accepted: ["mystorage1"], refused: ["my.storage", "evil.example/", "my;storage"] },
      containerName: { accepted: ["raw-1", "$web"], refused: ["raw/x", "raw@evil", "raw?x"] },
    },
  },
  sharepoint: {
    valid: { ...tenant, siteUrl: "https://contoso.sharepoint.com/sites/sales" },
    fields: {
      siteUrl: {
        accepted: ["https://contoso.sharepoint.com/sites/Sales%20EU"],
        refused: [
          "https://evil.example/sites/sales",
          "https://contoso.sharepoint.com.evil.example/",
          "https://contoso.sharepoint.com/sites/sales:/x",
          "https://contoso.sharepoint.com/?x",
          "https://contoso.sharepoint.com\\@evil.example",
        ],
      },
      clientId: id,
    },
  },
  onedrive: { valid: { ...tenant, userName: secret }, fields: { clientId: id } },
  powerbi: { valid: tenant, fields: { clientId: id } },
  tableau: {
    valid: {
      serverUrl: "https://tableau.example.com",
      siteName: "marketing",
      tokenName: "etl",
      tokenValue: secret,
    },
    fields: {
      serverUrl: {
        accepted: ["https://tableau.example.com:8443", "https://192.0.2.7", "https://[2001:db8::7]"],
        refused: [
          "https://tableau.example.com;x=y",
          "https://tableau.example.com,evil.example",
          "https://x@evil.example",
          "https://tableau.example.com\\@evil.example",
          "https://010.0.0.1",
          "https://faß.example",
          "https://0x7f.1",
          "https://tableau.example.com/x",
          "https://tableau.example.com?x",
          "https://(evil.example)",
        ],
      },
      siteName: { accepted: ["marketing-eu"], refused: ["a/b", "a?b", "a&b", "a b"] },
    },
    plain: ["tokenName"],
  },
  salesforce: {
    valid: { sfURL: "https://acme.my.salesforce.com", sfUser: secret, sfPassword: secret, sfToken: secret },
    fields: {
      sfURL: {
        accepted: ["https://acme--dev.sandbox.my.salesforce.com"],
        refused: [
          "https://evil.example",
          "https://acme.my.salesforce.com@evil.example",
          "https://acme.my.salesforce.com.evil.example",
          "https://evil.example/.my.salesforce.com",
        ],
      },
      sfAPI: { accepted: ["60.0"], refused: ["60.0/../x", "60"] },
    },
  },
  smartsheet: { valid: { accessToken: secret }, fields: {} },
  smtp: {
    valid: { smtpUrl: "smtp.example.com", smtpUsername: "reports@example.com", smtpPassword: secret },
    fields: { smtpUrl: hosts, smtpUsername: users("reports+etl@example.com", "o'brien@example.com") },
  },
  sftp: {
    valid: { host: "files.example.com", username: "etl", password: secret },
    fields: { host: hosts, username: users("etl@example.com", "DOMAIN\\etl", "account.container.etl") },
  },
  restapi: {
    valid: { baseUrl: "https://api.example.com", authType: "api_key", apiKey: secret, apiKeyName: "X-Key" },
    fields: {
      baseUrl: {
        accepted: [
          "https://api.example.com/v1",
          "https://api.example.com:8443/a%20b/;v=1",
          "https://192.0.2.7",
          "https://[2001:db8::7]:8443/",
          "https://bücher.example",
        ],
        refused: [
          "https://api.example.com;x=y",
          "https://api.example.com,evil.example/",
          "https://api.example.com@evil.example",
          "https://@evil.example",
          "https://api.example.com\\@evil.example",
          "https://api.example.com/\\evil.example",
          "https://(evil.example)/",
          "https://010.0.0.1/",
          "https://faß.example/",
          "https://0x7f.1/",
          "https://%65vil.example/",
          "https://api.example.com/a b",
          "https://api.example.com/\tx",
          "https://-x.example.com/",
          "https://api.example.com/?",
          "https://api.example.com/#",
        ],
      },
      testPath: {
        accepted: ["/v1/status?x=1"],
        refused: ["//evil.example", "/\\evil.example", "/a b", "@evil.example"],
      },
      apiKeyName: { accepted: ["X-API-Key"], refused: ["X-Key: x", "X Key", "X\r\nHost", "Host"] },
    },
  },
};

test("the table has every kind and each of its text fields", () => {
  expect(Object.keys(kinds).sort()).toEqual(Object.keys(connectors).sort());
  for (const [kind, { fields, plain = [] }] of Object.entries(kinds)) {
    const shape = findConnector(kind)?.fields.shape ?? {};
    const written = Object.entries(shape).flatMap(([field, schema]) => {
      const { control, title } = (schema.meta() ?? {}) as { control?: string; title?: string };
      const isChosen =
        control === "select" || control === "secret" || control === "number" || control === "hostKey";
      const isSettled = ["port", "provider", "kgConfig", "projectId"].includes(field) || title === undefined;
      return isChosen || isSettled || fields[field] || plain.includes(field) ? [] : [field];
    });
    // Four kinds share Microsoft's tenant field; the first one tests it.
    expect(
      written.filter((field) => field !== "tenantId"),
      kind,
    ).toEqual([]);
  }
});

const cases = Object.entries(kinds).flatMap(([kind, { valid, fields }]) =>
  Object.entries(fields).map(([field, cases]) => ({ kind, field, valid, ...cases })),
);

describe.each(cases)("$kind: $field", ({ kind, field, valid, accepted, refused }) => {
  const judge = (text: string) => {
    const connector = findConnector(kind);
    if (!connector) throw new Error(`There is no kind ${kind}.`);
    const result = validate(connector, { ...valid, [field]: text });
    return result.ok ? "accepted" : result.fieldErrors[field];
  };

  test.each(accepted)("accepts %s", (text) => {
    expect(judge(text)).toBe("accepted");
  });

  test.each(refused)("rejects %s", (text) => {
    // Expects an error message at this very field, not "accepted".
    expect(judge(text)).toMatch(/^[A-Z“].+[.…]$/);
  });
});

test("the error for a rejected host or name says what to enter", () => {
  const connector = findConnector("postgres");
  if (!connector) throw new Error("There is no kind postgres.");
  const input = { ...kinds.postgres?.valid, server: "a;b", database: "sales;x", username: "-x" };
  expect(validate(connector, input)).toEqual({
    ok: false,
    fieldErrors: {
      server: "Enter a host name or address, such as db.example.com.",
      database: "This may not contain “;”: database clients read it as syntax.",
      username: "This may not begin with “-”: command lines read it as an option.",
    },
  });
});

test("the schema drops leading zeros of a port, because some clients read it as octal", () => {
  const connector = findConnector("postgres");
  if (!connector) throw new Error("There is no kind postgres.");
  const read = (port: string) => validate(connector, { ...kinds.postgres?.valid, port });
  expect(read("05432")).toMatchObject({ ok: true, value: { port: "5432" } });
  expect(read("00000")).toMatchObject({ ok: false });
});
