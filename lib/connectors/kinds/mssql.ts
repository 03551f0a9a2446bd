import * as z from "zod";
import { defineConnector, passwordRef, userOf } from "@/lib/connectors/define";
import {
  databaseDestination,
  hostField,
  kgConfig,
  nameField,
  portTextField,
  tlsFields,
} from "@/lib/connectors/fields";

/**
 * Microsoft SQL Server and Azure SQL Database, with a password. The documented form has no database field.
 */
export const mssql = defineConnector({
  kind: "mssql",
  name: "Microsoft SQL Server",
  description: "Tables in SQL Server or Azure SQL Database",
  group: "database",
  keywords: "microsoft sql server tsql azure",
  rights: "SELECT, INSERT, UPDATE and DELETE on the tables in use, in the default database of this login.",
  credentialPage:
    "https://learn.microsoft.com/sql/relational-databases/security/authentication-access/create-a-login",
  fields: z.object({
    server: hostField({ title: "Server", placeholder: "sql.example.com" }),
    port: portTextField("1433"),
    username: userOf("password", nameField(128, { title: "Username" }, "@\\")),
    password: passwordRef({ title: "Password" }),
    kgConfig,
    ...tlsFields,
  }),
  destinations: (properties) => [databaseDestination("tds", properties)],
});
