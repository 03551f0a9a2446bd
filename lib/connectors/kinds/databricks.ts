import { z } from "zod";
import { defineConnector, secretRef, when } from "@/lib/connectors/define";
import { httpsDestination } from "@/lib/connectors/destination";
import { choiceField, kgConfig, nameField, passedThroughField, textField } from "@/lib/connectors/fields";

const urlMeta = {
  title: "JDBC URL",
  placeholder:
    "jdbc:databricks://dbc-a1b2345c-d6e7.cloud.databricks.com:443/default;transportMode=http;ssl=1;AuthMech=3;httpPath=/sql/1.0/warehouses/1234567890abcdef;",
  help: "From the SQL warehouse’s connection details, without a password in it.",
};

/** The name of a Unity Catalog catalog or schema: no dot, slash or space. */
function unityName(meta: { title: string; placeholder: string; help: string }) {
  return nameField(255, meta)
    .regex(/^[^./\s]+$/u, "Enter the name only, without dots, slashes or spaces.")
    .meta(meta);
}

/** A SQL warehouse of Databricks, with a schema of Unity Catalog. */
export const databricks = defineConnector({
  kind: "databricks",
  name: "Databricks",
  description: "Tables in Unity Catalog, through a SQL warehouse",
  group: "warehouse",
  keywords: "delta lakehouse spark",
  isWarehouse: true,
  rights:
    "CAN USE on the SQL warehouse; USE CATALOG, USE SCHEMA, SELECT, MODIFY and CREATE TABLE; CREATE VOLUME, READ VOLUME and WRITE VOLUME in the schema.",
  credentialPage: "https://docs.databricks.com/aws/en/dev-tools/auth/",
  fields: z.object({
    jdbcUrl: textField(2000, urlMeta)
      .refine(
        (url) => parseJdbcUrl(url) !== null,
        "Paste the JDBC URL of a SQL warehouse, without a user name or password in it.",
      )
      .meta(urlMeta),
    catalog: unityName({ title: "Catalog", placeholder: "main", help: "Pipelines write here by default." }),
    schema: unityName({ title: "Schema", placeholder: "default", help: "Pipelines write here by default." }),
    authType: choiceField({ pat: "Personal access token", oauth: "OAuth" }, "pat", {
      title: "Authentication method",
    }),
    token: when({ authType: "pat" }, secretRef("text", { title: "Personal access token" })),
    provider: passedThroughField(z.literal("databricks"), "Provider"),
    oAuthType: when(
      { authType: "oauth" },
      choiceField({ m2m: "Service principal" }, "m2m", {
        title: "OAuth type",
        unavailable: { u2m: "User (not available yet)" },
        instead:
          "A connection signs in without a person: use m2m with the client ID and client secret of a service principal, or authType pat.",
      }),
    ),
    oAuthAppRegistrationID: passedThroughField(
      nameField(128, { title: "App registration" }),
      "App registration",
    ),
    clientId: when(
      { authType: "oauth", oAuthType: "m2m" },
      nameField(128, { title: "Service principal client ID" }),
    ),
    clientSecret: when(
      { authType: "oauth", oAuthType: "m2m" },
      secretRef("text", { title: "Service principal client secret" }),
    ),
    metadataUserID: passedThroughField(nameField(128, { title: "Metadata user ID" }), "Metadata user ID"),
    kgConfig,
  }),
  destinations: ({ jdbcUrl, authType }) => {
    const workspace = parseJdbcUrl(jdbcUrl);
    const secretFields = [authType === "pat" ? "token" : "clientSecret"];
    return workspace === null
      ? []
      : [httpsDestination(workspace.host, "jdbcUrl", secretFields, workspace.port)];
  },
});

/** The domains of Databricks on AWS, Azure and Google Cloud, with their national clouds. */
const isWorkspace =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:databricks\.(?:com|us|mil)|azuredatabricks\.net|databricks\.azure\.(?:us|cn))$/;

/**
 * JDBC parameters with these values change nothing. Names are in lower case. All other parameters are
 * refused.
 */
const harmless: Record<string, RegExp> = {
  transportmode: /^http$/i,
  ssl: /^1$/,
  authmech: /^(?:3|11)$/,
  auth_flow: /^[01]$/,
  enablearrow: /^[01]$/,
  conncatalog: /^[^;=]*$/,
  connschema: /^[^;=]*$/,
};

/**
 * Parses the workspace and the SQL warehouse of a JDBC URL. Null when the URL is invalid or contains other
 * parameters.
 */
export function parseJdbcUrl(url: string): { host: string; port: number; warehouseId: string } | null {
  const match = /^jdbc:(?:databricks|spark):\/\/([a-z0-9.-]{1,253})(?::(\d{1,5}))?(?:\/\w*)?;(.*)$/i.exec(
    url,
  );
  const [, host = "", port = "443", settings = ""] = match ?? [];
  const parts = settings.split(";").filter((part) => part !== "");
  const paths = parts.filter((part) => /^httpPath=/i.test(part));
  const isKnown = parts.every((part) => paths.includes(part) || isHarmless(part));
  const warehouse = /^httpPath=\/?sql\/1\.0\/(?:warehouses|endpoints)\/([0-9a-z]{4,64})$/i.exec(
    paths[0] ?? "",
  );
  const isValidEndpoint = isWorkspace.test(host.toLowerCase()) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isValidEndpoint || !isKnown || paths.length !== 1 || warehouse?.[1] === undefined) return null;
  return { host: host.toLowerCase(), port: Number(port), warehouseId: warehouse[1] };
}

function isHarmless(part: string): boolean {
  const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(part) ?? [];
  return harmless[name.toLowerCase()]?.test(value) ?? false;
}
