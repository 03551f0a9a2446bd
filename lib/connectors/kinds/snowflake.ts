import * as z from "zod";
import { defineConnector, passwordRef, secretRef, userOf, when } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import { choiceField, nameField, textField } from "@/lib/connectors/fields";
import { tokenEndpoint } from "@/lib/connectors/kinds/oauth-client";

const accountMeta = {
  title: "Account",
  placeholder: "https://myorg-myaccount.snowflakecomputing.com",
  help: "The account’s URL, or its identifier such as myorg-myaccount or xy12345.us-east-2.aws.",
};

const name = (title: string, placeholder: string) => nameField(257, { title, placeholder });

/** A Snowflake database, signed in with a password, key pair or OAuth client credentials. */
export const snowflake = defineConnector({
  kind: "snowflake",
  name: "Snowflake",
  description: "Tables in a Snowflake database",
  group: "warehouse",
  keywords: "oauth",
  isWarehouse: true,
  rights:
    "USAGE on the warehouse, database and schema; SELECT, INSERT, UPDATE and DELETE on the tables, OWNERSHIP to alter or replace them; CREATE FILE FORMAT in the schema.",
  credentialPage: "https://docs.snowflake.com/en/user-guide/key-pair-auth",
  fields: z.object({
    account: textField(255, accountMeta)
      .refine(
        (account) => snowflakeHost(account) !== null,
        "Enter the account’s URL or identifier, such as myorg-myaccount.",
      )
      .meta(accountMeta),
    authType: choiceField(
      {
        pwd: "Username and password",
        key_pair: "Key pair",
        oauth_client_credentials: "OAuth client credentials",
      },
      "pwd",
      { title: "Authentication method" },
    ),
    username: when(
      { authType: ["pwd", "key_pair"] },
      userOf("password", nameField(255, { title: "Username" }, "@")),
    ),
    password: when({ authType: "pwd" }, passwordRef({ title: "Password" })),
    privateKey: when(
      { authType: "key_pair" },
      secretRef("text", {
        title: "Private key",
        help: "The RSA key in PEM form, without a passphrase.",
      }),
    ),
    oauthClient: when(
      { authType: "oauth_client_credentials" },
      secretRef("m2m_oauth", { title: "OAuth client" }),
    ),
    warehouse: name("Warehouse", "COMPUTE_WH"),
    database: name("Database", "SALES"),
    schema: name("Schema", "PUBLIC"),
    role: name("Role", "PIPELINES"),
  }),
  destinations: ({ account, authType, oauthClient }, metadata) => {
    const host = snowflakeHost(account);
    if (host === null) return [];
    const secretFields = {
      pwd: ["password"],
      key_pair: ["privateKey"],
      oauth_client_credentials: ["oauthClient"],
    }[authType];
    const service = httpsDestination(host, "account", secretFields);
    return [...tokenEndpoint(oauthClient, metadata), authType === "pwd" ? service : provedAt(service)];
  },
});

/**
 * The host of an account, by docs.snowflake.com/en/user-guide/admin-account-identifier: always within
 * Snowflake's domains. Underscores of the account become dashes. Null if invalid.
 */
export function snowflakeHost(account: string): string | null {
  const { identifier, domain } = parseAccount(account);
  const labels = identifier.toLowerCase().replaceAll("_", "-").split(".");
  const isName = (label: string) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label);
  if (labels.length > 4 || !labels.every(isName) || labels.includes("snowflakecomputing")) return null;
  return `${labels.join(".")}.snowflakecomputing.${domain}`;
}

/** The account name that sign-in requires: without region and cloud, with its underscores. */
export function snowflakeAccountName(account: string): string {
  return (parseAccount(account).identifier.split(".")[0] ?? "").toUpperCase();
}

/** Accepts an identifier, a host or a URL. Returns an empty identifier for anything else. */
function parseAccount(account: string): { identifier: string; domain: string } {
  const ofHost = /^(?:https:\/\/)?([\w.-]+)\.snowflakecomputing\.(com|cn)(?::443)?\/?$/i.exec(account);
  const identifier = ofHost?.[1] ?? (/^[\w.-]+$/.test(account) ? account : "");
  return { identifier, domain: ofHost?.[2]?.toLowerCase() ?? "com" };
}
