import * as z from "zod";
import { defineConnector, passwordRef, userOf } from "@/lib/connectors/define";
import { databaseDestination, hostField, nameField, portTextField, tlsFields } from "@/lib/connectors/fields";

/** MySQL and MariaDB, with a password. */
export const mysql = defineConnector({
  kind: "mysql",
  name: "MySQL",
  description: "Tables in a MySQL or MariaDB database",
  group: "database",
  keywords: "mariadb aurora",
  rights:
    "SELECT, INSERT, UPDATE and DELETE on the database in use. A MariaDB user that signs in by ed25519 is not supported: use mysql_native_password.",
  credentialPage: "https://dev.mysql.com/doc/refman/8.4/en/create-user.html",
  fields: z.object({
    server: hostField({ title: "Server", placeholder: "db.example.com" }),
    port: portTextField("3306"),
    database: nameField(64, { title: "Database", placeholder: "sales" }),
    username: userOf("password", nameField(128, { title: "Username" }, "@")),
    password: passwordRef({ title: "Password" }),
    ...tlsFields,
  }),
  destinations: (properties) => [databaseDestination("mysql", properties)],
});
