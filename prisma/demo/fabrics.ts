import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { CreateFabricInput } from "@/lib/fabrics/schema";
import type { CreateSecretInput } from "@/lib/secrets/schema";
import { type DemoEmail, teams } from "@/prisma/demo/people";

/** The demo's order database, which only the embedded set-up has: its address, its login, and its authority. */
export const demoDatabase = z.object({
  host: z.string(),
  port: z.number(),
  database: z.string(),
  username: z.string(),
  password: z.string(),
  caCertificate: z.string(),
});
export type DemoDatabase = z.infer<typeof demoDatabase>;

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

/** The demo's fabrics. Values other than those of the order database are random and open nothing. */
export const fabrics = (database: DemoDatabase | undefined): DemoFabric[] => [
  {
    by: astrid,
    team: teams.platform,
    input: {
      name: "Production lake",
      description: "Nightly loads of orders, stock and events.",
      provider: "databricks",
    },
    secrets: [
      ...(database ? warehouseSecrets(database) : []),
      text(tomas, "partner_sftp_password", "Drop folder of the haulage partner"),
      text(mei, "observability_token", ""),
      login(tomas, "billing_api_login", "Read-only account of the billing API", "selvage-reader"),
      oauth(
        mei,
        "partner_oauth",
        "Order feed of the haulage partner",
        "https://login.partner.example/oauth/token",
      ),
    ],
    connections: database ? [orderWarehouse(database)] : [],
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
      login(jonas, "expenses_login", "Service account of the expenses tool", "finance-sync"),
      oauth(
        mei,
        "bank_feed_oauth",
        "Account information, two scopes",
        "https://auth.bank.example/oauth2/token",
      ),
    ],
    connections: [],
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

function warehouseSecrets({ password, caCertificate }: DemoDatabase): DemoSecret[] {
  const authority = {
    subKind: "binary",
    name: "northwind_ca",
    description: "Signs the servers of our own network",
    fields: { value: new TextEncoder().encode(caCertificate) },
    fileName: "northwind-ca.pem",
  } as const;
  return [
    text(astrid, "warehouse_password", "Reader role of the order warehouse", password),
    { by: astrid, input: authority },
  ];
}

function orderWarehouse({ host, port, database, username }: DemoDatabase): DemoConnection {
  return {
    by: astrid,
    kind: "postgres",
    name: "Order warehouse",
    description: "Orders since 2019",
    properties: { server: host, port: String(port), database, username, tlsMode: "verify-full" },
    secrets: { password: "warehouse_password", caCertificate: "northwind_ca" },
  };
}

function text(by: DemoEmail, name: string, description: string, value = random()): DemoSecret {
  return { by, input: { subKind: "text", name, description, fields: { value } } };
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
