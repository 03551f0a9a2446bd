import * as z from "zod";
import { defineConnector } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import {
  microsoftCredentialPage,
  microsoftFields,
  microsoftSignIn,
} from "@/lib/connectors/kinds/microsoft-fields";

/** Power BI, signed in as an application that is a member of its workspaces. */
export const powerbi = defineConnector({
  kind: "powerbi",
  name: "Power BI",
  description: "Datasets in Power BI workspaces",
  group: "application",
  keywords: "pbi microsoft",
  rights:
    "Dataset.ReadWrite.All, the tenant setting that lets service principals use Power BI APIs, and membership of the workspace.",
  credentialPage: microsoftCredentialPage,
  fields: z.object(microsoftFields),
  destinations: () => [
    microsoftSignIn,
    provedAt(httpsDestination("api.powerbi.com", "tenantId", ["clientSecret"])),
  ],
});
