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

/** Amazon Redshift, which uses PostgreSQL's protocol. */
export const redshift = defineConnector({
  kind: "redshift",
  name: "Amazon Redshift",
  description: "Tables in a Redshift cluster or workgroup",
  group: "database",
  keywords: "aws amazon",
  rights:
    "USAGE on the schemas and SELECT, INSERT, UPDATE and DELETE on the tables in use; CREATE, DROP and ALTER TABLE where pipelines create tables.",
  credentialPage: "https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_USER.html",
  fields: z.object({
    server: hostField({ title: "Server", placeholder: "sales.abc123.eu-west-1.redshift.amazonaws.com" }),
    port: portTextField("5439"),
    username: userOf("password", nameField(128, { title: "Username" }, "@:")),
    password: passwordRef({ title: "Password" }),
    database: nameField(127, { title: "Database", placeholder: "dev" }),
    kgConfig,
    ...tlsFields,
  }),
  destinations: (properties) => [databaseDestination("redshift", properties)],
});
