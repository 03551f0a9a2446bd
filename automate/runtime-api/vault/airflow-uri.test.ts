import { expect, test } from "vitest";
import { airflowUri } from "@/automate/runtime-api/vault/airflow-uri";

// Not by URL, which refuses an address without a host.
const extraOf = (uri: string) => JSON.parse(decodeURIComponent(uri.split("?__extra__=")[1] ?? "null"));

test("a database becomes type, login, password, host, port and schema, each encoded", () => {
  const properties = { server: "db.example.com", port: "5432", database: "sales", username: "svc@eu" };
  const uri = airflowUri({
    kind: "postgres",
    properties: { ...properties, password: "a/b:c@d?e#%", tlsMode: "verify-full" },
    secrets: { password: { subKind: "text" } },
  });
  expect(uri).toBe(
    "postgres://svc%40eu:a%2Fb%3Ac%40d%3Fe%23%25@db.example.com:5432/sales?__extra__=%7B%22sslmode%22%3A%22verify-full%22%7D",
  );
});

test("PostgreSQL verifies the certificate unless its connection says otherwise", () => {
  const properties = { server: "db.example.com", port: "5432", username: "u", password: "p" };
  expect(extraOf(airflowUri({ kind: "postgres", properties, secrets: {} }))).toEqual({
    sslmode: "verify-full",
  });
});

test.each([
  [
    "mssql",
    { server: "10.0.0.7", port: "1433", username: "sa", password: "p" },
    "mssql://sa:p@10.0.0.7:1433/",
  ],
  [
    "mysql",
    { server: "::1", port: "3306", username: "u", password: "p", database: "d" },
    "mysql://u:p@[::1]:3306/d",
  ],
  [
    "hana",
    { host: "hana.example.com", port: "443", username: "R", password: "p" },
    "hana://R:p@hana.example.com:443/",
  ],
])("%s becomes a URI without extra, if its connection uses no TLS", (kind, properties, uri) => {
  expect(airflowUri({ kind, properties: { ...properties, tlsMode: "disable" }, secrets: {} })).toBe(uri);
});

// A hook that drops the TLS mode or the host key would send the password to anyone who answers.
test.each(["redshift", "mysql", "mssql", "synapse", "oracle", "hana"])(
  "%s with TLS is generic, because Airflow's hook takes no TLS mode",
  (kind) => {
    const properties = { server: "db.example.com", host: "db.example.com", port: "1", password: "p" };
    for (const tlsMode of ["verify-full", "require", undefined]) {
      const uri = airflowUri({ kind, properties: { ...properties, tlsMode }, secrets: {} });
      expect(uri).toMatch(/^generic:\/\/\/\?__extra__=/);
      expect(extraOf(uri)).toEqual(JSON.parse(JSON.stringify({ ...properties, tlsMode })));
    }
  },
);

test("SFTP with a confirmed host key is generic, because Airflow's hook takes no fingerprint", () => {
  const properties = { host: "files.example.com", port: 22, username: "etl", password: "p" };
  const known = { ...properties, hostKeyFingerprint: `SHA256:${"A".repeat(43)}` };
  const uri = airflowUri({ kind: "sftp", properties: known, secrets: { password: { subKind: "text" } } });
  expect(uri).toMatch(/^generic:\/\/\/\?__extra__=/);
  expect(extraOf(uri)).toEqual(known);
});

test("an SFTP key kept as a file is given as text", () => {
  const privateKey = Buffer.from("-----BEGIN KEY-----\n").toString("base64");
  const uri = airflowUri({
    kind: "sftp",
    properties: { host: "files.example.com", port: 22, username: "etl", privateKey },
    secrets: { privateKey: { subKind: "binary" } },
  });
  expect(uri).toMatch(/^sftp:\/\/etl@files\.example\.com:22\/\?__extra__=/);
  expect(extraOf(uri)).toEqual({ private_key: "-----BEGIN KEY-----\n" });
});

test("S3 becomes aws with its region, and Databricks has the path of its warehouse", () => {
  const s3 = { region: "eu-west-1", bucketName: "b", accessKeyID: "AKIA1", secretAccessKey: "s/1" };
  const aws = airflowUri({ kind: "s3", properties: s3, secrets: {} });
  expect(aws).toMatch(/^aws:\/\/AKIA1:s%2F1@\/\?/);
  expect(extraOf(aws)).toEqual({ region_name: "eu-west-1" });
  const jdbcUrl =
    "jdbc:databricks://adb-1.1.azuredatabricks.net:443/default;httpPath=/sql/1.0/warehouses/abc12345";
  const databricks = airflowUri({ kind: "databricks", properties: { jdbcUrl, token: "dapi1" }, secrets: {} });
  expect(databricks).toMatch(/^databricks:\/\/token:dapi1@adb-1\.1\.azuredatabricks\.net:443\/\?/);
  expect(extraOf(databricks)).toEqual({ http_path: "/sql/1.0/warehouses/abc12345" });
});

test("a mail server starts with TLS on port 465, and with STARTTLS on 587", () => {
  const mail = {
    smtpUrl: "smtp.example.com",
    smtpUsername: "r@example.com",
    smtpPassword: "p",
    encryption: "auto",
  };
  const extra = (smtpPort: number) =>
    extraOf(airflowUri({ kind: "smtp", properties: { ...mail, smtpPort }, secrets: {} }));
  expect(extra(465)).toEqual({ disable_ssl: false, disable_tls: false, ssl_context: "default" });
  expect(extra(587)).toEqual({ disable_ssl: true, disable_tls: false, ssl_context: "default" });
});

test("a kind without a hook of its own is generic, with all its properties as extra", () => {
  const properties = { serverUrl: "https://bi.example.com", tokenName: "t", tokenValue: "v" };
  const uri = airflowUri({ kind: "tableau", properties, secrets: {} });
  expect(uri).toMatch(/^generic:\/\/\/\?__extra__=/);
  expect(extraOf(uri)).toEqual(properties);
});

test("MongoDB verifies the certificate unless its connection says otherwise", () => {
  const mongo = { protocol: "mongodb", host: "db.example.com:27017", username: "u", password: "p" };
  const extra = (tlsMode?: string) =>
    extraOf(airflowUri({ kind: "mongodb", properties: { ...mongo, tlsMode }, secrets: {} }));
  expect(extra()).toEqual({ srv: false, ssl: true, allow_insecure: false });
  expect(extra("verify-full")).toEqual({ srv: false, ssl: true, allow_insecure: false });
  expect(extra("require")).toEqual({ srv: false, ssl: true, allow_insecure: true });
  expect(extra("disable")).toEqual({ srv: false, ssl: false, allow_insecure: false });
});
