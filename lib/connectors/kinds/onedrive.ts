import * as z from "zod";
import { defineConnector, secretRef } from "@/lib/connectors/define";
import { httpsDestination } from "@/lib/connectors/destination";
import {
  microsoftCredentialPage,
  microsoftFields,
  microsoftSignIn,
} from "@/lib/connectors/kinds/microsoft-fields";

/** One user's OneDrive, signed in as an application. */
export const onedrive = defineConnector({
  kind: "onedrive",
  name: "OneDrive",
  description: "Files of a user’s OneDrive",
  group: "files",
  keywords: "microsoft 365 excel xlsx csv",
  rights: "The application permission Files.ReadWrite.All of Microsoft Graph, granted by an administrator.",
  credentialPage: microsoftCredentialPage,
  fields: z.object({
    ...microsoftFields,
    userName: secretRef("text", {
      title: "User Principal Name",
      help: "The e-mail address that the user signs in with.",
    }),
  }),
  destinations: () => [
    microsoftSignIn,
    {
      ...httpsDestination("graph.microsoft.com", "tenantId", ["clientSecret", "userName"]),
      provedFields: ["clientSecret"],
    },
  ],
});
