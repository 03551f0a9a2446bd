import { randomBytes } from "node:crypto";
import type { CreateFabricInput } from "@/lib/fabrics/schema";
import type { CreateSecretInput } from "@/lib/secrets/schema";
import { demoCertificate } from "@/prisma/demo/certificate";
import { type DemoEmail, teams } from "@/prisma/demo/people";

/** A secret of the demo, and the person who adds it. */
export type DemoSecret = { by: DemoEmail; input: CreateSecretInput };
/** A connection of the demo. `secrets` maps each of its secret fields to a secret's name. */
export type DemoConnection = {
  by: DemoEmail;
  kind: string;
  name: string;
  description: string;
  properties: Record<string, unknown>;
  secrets: Record<string, string>;
};
export type DemoFabric = {
  by: DemoEmail;
  team: string;
  input: CreateFabricInput;
  secrets: DemoSecret[];
  connections: DemoConnection[];
};

const [astrid, tomas, priya, jonas, mei] = [
  "astrid@northwind.example",
  "tomas@northwind.example",
  "priya@northwind.example",
  "jonas@northwind.example",
  "mei@northwind.example",
] as const satisfies DemoEmail[];

/** The demo's fabrics. Values are random and open nothing. */
export const fabrics = (): DemoFabric[] => [
  {
    by: astrid,
    team: teams.platform,
    input: {
      name: "Production lake",
      description: "Nightly loads of orders, stock and events.",
      provider: "databricks",
    },
    secrets: [
      text(astrid, "warehouse_password", "Reader role of the order warehouse"),
      text(tomas, "partner_sftp_password", "Drop folder of the haulage partner"),
      text(mei, "observability_token", ""),
      certificate(astrid, "northwind_ca", "Signs the servers of our own network"),
      login(tomas, "billing_api_login", "Read-only account of the billing API", "selvage-reader"),
      oauth(
        mei,
        "partner_oauth",
        "Order feed of the haulage partner",
        "https://login.partner.example/oauth/token",
      ),
    ],
    connections: [
      {
        by: astrid,
        kind: "postgres",
        name: "Order warehouse",
        description: "Orders since 2019",
        properties: {
          server: "orders.northwind.example",
          port: "5432",
          database: "orders",
          username: "reader",
        },
        secrets: { password: "warehouse_password", caCertificate: "northwind_ca" },
      },
      {
        by: tomas,
        kind: "sftp",
        name: "Haulage partner drop",
        description: "",
        properties: {
          host: "files.partner.example",
          port: 22,
          username: "northwind",
          authMethod: "password",
        },
        secrets: { password: "partner_sftp_password" },
      },
      {
        by: mei,
        kind: "restapi",
        name: "Haulage partner API",
        description: "Order feed",
        properties: {
          baseUrl: "https://api.partner.example",
          testPath: "/v1/status",
          authType: "oauth_client_credentials",
        },
        secrets: { oauthClient: "partner_oauth" },
      },
    ],
  },
  {
    by: astrid,
    team: teams.platform,
    input: {
      name: "Staging lake",
      description: "Where pipelines are tried before production.",
      provider: "databricks",
    },
    secrets: [
      text(tomas, "warehouse_password", ""),
      text(tomas, "sandbox_api_key", "Sandbox of the billing API"),
    ],
    connections: [],
  },
  {
    by: astrid,
    team: teams.platform,
    input: { name: "Web events", description: "", provider: "bigquery" },
    secrets: [],
    connections: [],
  },
  {
    by: priya,
    team: teams.finance,
    input: {
      name: "Finance reporting",
      description: "Month-end close and the board's figures.",
      provider: "snowflake",
    },
    secrets: [
      text(priya, "ledger_db_password", "Replica of the ledger, read only"),
      text(jonas, "exchange_rates_key", "Key of the exchange-rate service"),
      certificate(priya, "northwind_ca", ""),
      login(jonas, "expenses_login", "Service account of the expenses tool", "finance-sync"),
      oauth(
        mei,
        "bank_feed_oauth",
        "Account information, two scopes",
        "https://auth.bank.example/oauth2/token",
      ),
    ],
    connections: [
      {
        by: priya,
        kind: "postgres",
        name: "Ledger replica",
        description: "",
        properties: {
          server: "ledger.northwind.example",
          port: "5432",
          database: "ledger",
          username: "reporting",
        },
        secrets: { password: "ledger_db_password" },
      },
      {
        by: jonas,
        kind: "restapi",
        name: "Exchange rates",
        description: "Daily closing rates",
        properties: {
          baseUrl: "https://rates.example",
          testPath: "/latest",
          authType: "api_key",
          apiKeyIn: "header",
          apiKeyName: "X-API-Key",
        },
        secrets: { apiKey: "exchange_rates_key" },
      },
    ],
  },
  {
    by: priya,
    team: teams.finance,
    input: {
      name: "Forecast sandbox",
      description: "Experiments; nothing here is official.",
      provider: "none",
    },
    secrets: [],
    connections: [],
  },
];

function text(by: DemoEmail, name: string, description: string): DemoSecret {
  return { by, input: { subKind: "text", name, description, fields: { value: random() } } };
}

function certificate(by: DemoEmail, name: string, description: string): DemoSecret {
  const value = new TextEncoder().encode(demoCertificate);
  return {
    by,
    input: { subKind: "binary", name, description, fields: { value }, fileName: "northwind-ca.pem" },
  };
}

function login(by: DemoEmail, name: string, description: string, username: string): DemoSecret {
  return {
    by,
    input: { subKind: "username_password", name, description, fields: { username, password: random() } },
  };
}

function oauth(by: DemoEmail, name: string, description: string, authUrl: string): DemoSecret {
  const fields = { clientId: "northwind", clientSecret: random(), authUrl, scope: "feed.read accounts.read" };
  return { by, input: { subKind: "m2m_oauth", name, description, fields } };
}

function random(): string {
  return randomBytes(24).toString("base64url");
}
