import * as z from "zod";
import { defineConnector, passwordRef, userOf } from "@/lib/connectors/define";
import {
  databaseDestination,
  hostField,
  kgConfig,
  nameField,
  portTextField,
  textField,
  tlsFields,
} from "@/lib/connectors/fields";

const databaseMeta = {
  title: "Database",
  placeholder: "sales.example.com",
  help: "The service name, or the SID.",
};

/** Oracle Database, with a password. The documented form has one field for a service name or a SID. */
export const oracle = defineConnector({
  kind: "oracle",
  name: "Oracle Database",
  description: "Tables in an Oracle database",
  group: "database",
  keywords: "plsql",
  rights: "CREATE SESSION, and SELECT on the tables in use.",
  credentialPage:
    "https://docs.oracle.com/en/database/oracle/oracle-database/19/dbseg/managing-security-for-oracle-database-users.html",
  fields: z.object({
    server: hostField({ title: "Server", placeholder: "db.example.com" }),
    port: portTextField("1521"),
    // Common users begin with C##. An “@” would inject a connect identifier.
    username: userOf("password", nameField(128, { title: "Username" }, "#")),
    password: passwordRef({ title: "Password" }),
    // Goes into a connect descriptor, where parentheses and equals signs are syntax.
    database: textField(128, databaseMeta)
      .regex(/^[A-Za-z0-9][\w.$#-]*$/, "Enter a service name or SID only, such as sales.example.com.")
      .meta(databaseMeta),
    kgConfig,
    ...tlsFields,
  }),
  destinations: (properties) => [databaseDestination("oracle", properties)],
});
