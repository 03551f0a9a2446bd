import * as z from "zod";
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
      .superRefine((url, ctx) => {
        const judged = judgeJdbcUrl(url);
        if ("error" in judged) ctx.addIssue({ code: "custom", message: judged.error });
      })
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

/** JDBC parameters that hold a credential, in lower case. */
const isCredential = /^(?:uid|pwd|user|password|auth_\w*token|oauth2\w*)$/;

type SqlWarehouse = { host: string; port: number; warehouseId: string };

/** Parses the workspace and the SQL warehouse of a JDBC URL. Null for an invalid one. */
export function parseJdbcUrl(url: string): SqlWarehouse | null {
  const judged = judgeJdbcUrl(url);
  return "error" in judged ? null : judged;
}

/** The workspace and the SQL warehouse of a JDBC URL; or what is wrong with it, which repeats nothing of it. */
function judgeJdbcUrl(url: string): SqlWarehouse | { error: string } {
  const match = /^jdbc:(?:databricks|spark):\/\/([a-z0-9.-]{1,253})(?::(\d{1,5}))?(?:\/\w*)?;(.*)$/i.exec(
    url,
  );
  if (!match) return { error: "Paste the JDBC URL as in the SQL warehouse’s connection details." };
  const [, host = "", digits = "443", settings = ""] = match;
  const port = Number(digits);
  if (!isWorkspace.test(host.toLowerCase()) || port < 1 || port > 65_535)
    return { error: "This is not a host of Databricks, or its port is not between 1 and 65535." };
  const parts = settings.split(";").filter((part) => part !== "");
  if (parts.some((part) => isCredential.test(part.split("=")[0]?.toLowerCase() ?? "")))
    return {
      error: "Paste the URL without a user name, a password or a token: choose the credential as a secret.",
    };
  const [path, ...morePaths] = parts.filter((part) => /^httpPath=/i.test(part));
  if (/^httpPath=\/?sql\/protocolv1\//i.test(path ?? ""))
    return { error: "This is an all-purpose cluster. Paste the JDBC URL of a SQL warehouse." };
  const [, warehouseId] =
    /^httpPath=\/?sql\/1\.0\/(?:warehouses|endpoints)\/([0-9a-z]{4,64})$/i.exec(path ?? "") ?? [];
  if (warehouseId === undefined || morePaths.length > 0)
    return { error: "The URL needs one httpPath=/sql/1.0/warehouses/ with the warehouse’s id behind it." };
  if (!parts.every((part) => part === path || isHarmless(part)))
    return {
      error:
        "Remove all parameters except transportMode=http, ssl=1, AuthMech=3 or 11, Auth_Flow, EnableArrow, ConnCatalog, ConnSchema and httpPath.",
    };
  return { host: host.toLowerCase(), port, warehouseId };
}

function isHarmless(part: string): boolean {
  const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(part) ?? [];
  return harmless[name.toLowerCase()]?.test(value) ?? false;
}
