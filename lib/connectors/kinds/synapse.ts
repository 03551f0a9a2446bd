import * as z from "zod";
import { defineConnector, passwordRef, userOf } from "@/lib/connectors/define";
import { databaseDestination, hostField, nameField, portTextField, tlsFields } from "@/lib/connectors/fields";

/** A dedicated SQL pool of Azure Synapse, with a password. */
export const synapse = defineConnector({
  kind: "synapse",
  name: "Azure Synapse",
  description: "Tables in a dedicated SQL pool",
  group: "database",
  keywords: "azure microsoft",
  rights: "SELECT on the tables in use. Selvage only reads from this kind.",
  credentialPage: "https://learn.microsoft.com/azure/synapse-analytics/sql/sql-authentication",
  fields: z.object({
    server: hostField({ title: "Server", placeholder: "workspace.sql.azuresynapse.net" }),
    port: portTextField("1433"),
    username: userOf("password", nameField(128, { title: "Username" }, "@\\")),
    password: passwordRef({ title: "Password" }),
    database: nameField(128, { title: "Database", placeholder: "pool1" }),
    ...tlsFields,
  }),
  destinations: (properties) => [databaseDestination("tds", properties)],
});
