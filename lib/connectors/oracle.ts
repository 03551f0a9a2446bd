import { z } from "zod";
import { defineConnector, secretRef } from "@/lib/connectors/define";
import {
  databasePlace,
  hostField,
  kgConfig,
  portTextField,
  textField,
  tlsFields,
} from "@/lib/connectors/fields";

/** Oracle Database, with a password. `database` names a service, or an instance by its SID. */
export const oracle = defineConnector({
  kind: "oracle",
  name: "Oracle",
  description: "Tables in an Oracle Database",
  group: "database",
  rights: "CREATE SESSION, and SELECT on the tables in use; nothing is written.",
  credentialPage: "https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/CREATE-USER.html",
  fields: z.object({
    server: hostField({ title: "Server", placeholder: "db.example.com" }),
    port: portTextField("1521"),
    username: textField(128, { title: "Username" }),
    password: secretRef("text", { title: "Password" }),
    database: textField(128, { title: "Database" })
      // It becomes part of a connect descriptor, whose brackets and signs it must not hold.
      .regex(/^[A-Za-z0-9_$#.-]+$/, "Use letters, digits, “_”, “$”, “#”, “.” and “-”.")
      .meta({ title: "Database", placeholder: "ORCLPDB1", help: "Service name or SID." }),
    kgConfig,
    ...tlsFields,
  }),
  destinations: (properties) => [databasePlace("oracle", properties)],
});
