import { describe, expect, it } from "vitest";
import * as z from "zod";
import { checkCodes } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { controls, fieldMeta } from "@/lib/connectors/define";
import { connectors, findConnector } from "@/lib/connectors/registry";

const documentedFields: Record<string, readonly string[]> = {
  postgres: ["server", "port", "database", "username", "password"],
  mongodb: ["protocol", "host", "username", "password", "database", "collection"],
  oracle: ["server", "port", "username", "password", "database", "kgConfig"],
  hana: ["authType", "host", "port", "username", "password", "userkey"],
  mssql: ["server", "port", "username", "password", "kgConfig"],
  synapse: ["server", "port", "username", "password", "database"],
  redshift: ["server", "port", "username", "password", "database", "kgConfig"],
  databricks: [
    "jdbcUrl",
    "catalog",
    "schema",
    "authType",
    "token",
    "provider",
    "oAuthType",
    "oAuthAppRegistrationID",
    "clientId",
    "clientSecret",
    "metadataUserID",
    "kgConfig",
  ],
  snowflake: ["account", "authType", "username", "password", "warehouse", "database", "schema", "role"],
  bigquery: ["authType", "projectId", "dataset", "serviceAccountKey"],
  GCS: ["bucketName", "serviceAccountKey"],
  ADLS: ["tenantId", "clientId", "clientSecret", "accountName", "containerName"],
  sharepoint: ["siteUrl", "tenantId", "clientId", "clientSecret", "kgConfig"],
  onedrive: ["tenantId", "clientId", "clientSecret", "userName"],
  powerbi: ["tenantId", "clientId", "clientSecret"],
  tableau: ["serverUrl", "siteName", "tokenName", "tokenValue"],
  salesforce: ["sfURL", "sfUser", "sfPassword", "sfToken", "sfAPI"],
  smartsheet: ["accessToken"],
  s3: ["region", "bucketName", "accessKeyID", "secretAccessKey", "kgConfig"],
  smtp: ["smtpUrl", "smtpPort", "smtpUsername", "smtpPassword"],
  sftp: ["host", "port", "username", "authMethod", "password", "privateKey", "kgConfig"],
};

describe.each(Object.entries(connectors))("the connector %s", (kind, connector) => {
  const fields = Object.entries(connector.fields.shape);

  it("is registered under its own kind", () => {
    expect(connector.kind).toBe(kind);
    expect(findConnector(kind)).toBe(connector);
  });

  it("gives each field a title and a control that the form supports", () => {
    for (const [field, schema] of fields) {
      const meta = fieldMeta(schema);
      expect(meta.title, field).toMatch(/\S/);
      if (meta.control !== undefined) expect(controls, field).toContain(meta.control);
      const options = { ...meta.labels, ...meta.unavailable };
      if (meta.control === "select") expect(Object.keys(options).length, field).toBeGreaterThan(1);
      if (meta.control === "secret") expect(meta.subKinds?.length, field).toBeGreaterThan(0);
    }
  });

  it("makes the visibility of a field depend only on earlier fields", () => {
    const names = fields.map(([field]) => field);
    for (const [field, schema] of fields) {
      for (const other of Object.keys(fieldMeta(schema).showWhen ?? {}))
        expect(names.indexOf(other), `${field} by ${other}`).toBeLessThan(names.indexOf(field));
    }
  });

  it("has the documented field names, in order", () => {
    const documented = documentedFields[kind] ?? [];
    expect(fields.map(([field]) => field).filter((field) => documented.includes(field))).toEqual(documented);
  });

  it("puts all of them into the JSON Schema that renders the form", () => {
    const schema = z.toJSONSchema(connector.fields, { io: "input" });
    for (const [field, fieldSchema] of fields)
      expect(schema.properties?.[field]).toMatchObject({ ...fieldMeta(fieldSchema) });
  });
});

it("has a one-sentence text for each code", () => {
  for (const code of checkCodes) {
    expect(checkTexts[code].title, code).toMatch(/^[A-Z][^.]*\.$/);
    expect(checkTexts[code].advice, code).toMatch(/^[A-Z].*\.$/);
  }
});
