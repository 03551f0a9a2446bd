import * as z from "zod";
import { defineConnector, optional, passwordRef, userOf } from "@/lib/connectors/define";
import {
  databaseDestination,
  hostField,
  kgConfig,
  nameField,
  portTextField,
  tlsFields,
} from "@/lib/connectors/fields";

/** PostgreSQL, with a password. */
export const postgres = defineConnector({
  kind: "postgres",
  name: "PostgreSQL",
  description: "Tables in a PostgreSQL database",
  group: "database",
  keywords: "psql pg aurora",
  rights:
    "CONNECT on the database, USAGE on the schemas, and SELECT, INSERT, UPDATE and DELETE on the tables in use.",
  credentialPage: "https://www.postgresql.org/docs/current/sql-createrole.html",
  fields: z.object({
    server: hostField({ title: "Server", placeholder: "db.example.com" }),
    port: portTextField("5432"),
    database: nameField(63, { title: "Database", placeholder: "sales" }),
    username: userOf("password", nameField(63, { title: "Username" }, "@")),
    password: passwordRef({ title: "Password" }),
    schema: optional(
      nameField(63, {
        title: "Schema",
        placeholder: "public",
        help: "If set, the check verifies that it exists.",
      }),
    ),
    kgConfig,
    ...tlsFields,
  }),
  destinations: (properties) => [databaseDestination("postgres", properties)],
});
