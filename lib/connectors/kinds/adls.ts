import * as z from "zod";
import { defineConnector } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import { textField } from "@/lib/connectors/fields";
import {
  microsoftCredentialPage,
  microsoftFields,
  microsoftSignIn,
} from "@/lib/connectors/kinds/microsoft-fields";

const accountMeta = { title: "Account name", placeholder: "mystorageaccount" };
const containerMeta = { title: "Container name", placeholder: "raw" };

/** Azure Data Lake Storage Gen2, signed in as an application. */
export const adls = defineConnector({
  kind: "ADLS",
  name: "Azure Data Lake Storage",
  description: "Files in a container of Azure",
  group: "files",
  keywords: "blob storage data lake csv parquet excel",
  rights: "The role Storage Blob Data Contributor on the container or its storage account.",
  credentialPage: microsoftCredentialPage,
  fields: z.object({
    ...microsoftFields,
    accountName: textField(24, accountMeta)
      .regex(/^[a-z0-9]{3,24}$/, "Enter the account’s name only: 3 to 24 lower-case letters and digits.")
      .meta(accountMeta),
    containerName: textField(63, containerMeta)
      .regex(
        /^[$a-z0-9](?!.*--)[-a-z0-9]{1,61}[a-z0-9]$/,
        "Enter the container’s name only: 3 to 63 lower-case letters, digits and single dashes.",
      )
      .meta(containerMeta),
  }),
  destinations: ({ accountName }) => [
    microsoftSignIn,
    provedAt(httpsDestination(`${accountName}.dfs.core.windows.net`, "accountName", ["clientSecret"])),
  ],
});
