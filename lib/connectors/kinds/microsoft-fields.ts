import { secretRef } from "@/lib/connectors/define";
import { httpsDestination } from "@/lib/connectors/destination";
import { nameField, textField } from "@/lib/connectors/fields";

const tenantMeta = {
  title: "Tenant ID",
  placeholder: "00000000-0000-0000-0000-000000000000",
  help: "The directory (tenant) ID, or one of its domains.",
};
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const domain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/** The sign-in fields of a Microsoft Entra ID application. */
export const microsoftFields = {
  tenantId: textField(253, tenantMeta)
    .refine(
      (tenant) => guid.test(tenant) || domain.test(tenant),
      "Enter the directory (tenant) ID, or a domain such as contoso.onmicrosoft.com.",
    )
    .meta(tenantMeta),
  clientId: nameField(128, { title: "Client ID", help: "The application (client) ID of the registration." }),
  clientSecret: secretRef("text", {
    title: "Client secret",
    help: "The secret’s value, not its ID.",
  }),
};

export const microsoftCredentialPage =
  "https://learn.microsoft.com/en-us/entra/identity-platform/quickstart-register-app";

/** The sign-in server of Microsoft's public cloud. National clouds use other addresses. */
export const microsoftSignIn = httpsDestination("login.microsoftonline.com", "tenantId", ["clientSecret"]);
