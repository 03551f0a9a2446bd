import * as z from "zod";
import { defineConnector, secretRef } from "@/lib/connectors/define";
import { httpsDestination } from "@/lib/connectors/destination";

/** The sheets of a Smartsheet user. */
export const smartsheet = defineConnector({
  kind: "smartsheet",
  name: "Smartsheet",
  description: "Sheets of a Smartsheet account",
  group: "application",
  keywords: "spreadsheet",
  rights: "Viewer on a sheet to read it, Editor to write it.",
  credentialPage: "https://help.smartsheet.com/articles/2482389-generate-API-key",
  fields: z.object({ accessToken: secretRef("text", { title: "Access token" }) }),
  destinations: () => [httpsDestination("api.smartsheet.com", "accessToken", ["accessToken"])],
});
