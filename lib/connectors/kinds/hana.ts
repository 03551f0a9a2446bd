import * as z from "zod";
import { defineConnector, passwordRef, secretRef, userOf, when } from "@/lib/connectors/define";
import {
  choiceField,
  chosenPortTextField,
  databaseDestination,
  hostField,
  nameField,
  tlsFields,
} from "@/lib/connectors/fields";

/**
 * SAP HANA, with a password. A user key of hdbuserstore is stored but not used: it refers to a store on
 * another machine.
 */
export const hana = defineConnector({
  kind: "hana",
  name: "SAP HANA",
  description: "Tables in SAP HANA or SAP HANA Cloud",
  group: "database",
  keywords: "sap",
  rights: "SELECT, INSERT, UPDATE and DELETE on the schemas in use.",
  credentialPage:
    "https://help.sap.com/docs/SAP_HANA_PLATFORM/4fe29514fd584807ac9f2a04f6754767/20d5ddb075191014b594f7b11ff08ee2.html",
  fields: z.object({
    authType: choiceField({ pwd: "Username and password", userkey: "User key" }, "pwd", {
      title: "Authentication method",
    }),
    host: when({ authType: "pwd" }, hostField({ title: "Host", placeholder: "hana.example.com" })),
    port: when(
      { authType: "pwd" },
      chosenPortTextField({
        placeholder: "443",
        help: "443 for SAP HANA Cloud, otherwise the tenant’s SQL port, such as 30015.",
      }),
    ),
    username: when({ authType: "pwd" }, userOf("password", nameField(127, { title: "Username" }, "@#"))),
    password: when({ authType: "pwd" }, passwordRef({ title: "Password" })),
    userkey: when({ authType: "userkey" }, secretRef("text", { title: "User key" })),
    ...tlsFields,
  }),
  destinations: ({ authType, host, port, tlsMode, caCertificate }) =>
    authType === "userkey" || host === undefined || port === undefined
      ? []
      : [
          {
            ...databaseDestination("hana", { server: host, port, tlsMode, caCertificate }),
            hostField: "host",
          },
        ],
});
