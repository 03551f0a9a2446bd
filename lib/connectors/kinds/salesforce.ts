import { z } from "zod";
import { defineConnector, secretRef } from "@/lib/connectors/define";
import { httpsPlace } from "@/lib/connectors/destination";
import { textField } from "@/lib/connectors/fields";

const urlWords = {
  title: "Salesforce URL",
  placeholder: "https://acme.my.salesforce.com",
  help: "The address of My Domain; of a sandbox https://acme--dev.sandbox.my.salesforce.com.",
};
const versionWords = {
  title: "Salesforce API version",
  placeholder: "54.0",
  help: "At most 64.0: later versions have no sign-in by password.",
};
const versionMessage = "Enter a version from 31.0 to 64.0; later ones have no sign-in by password.";

/** The objects of a Salesforce organisation, signed in as one of its users. */
export const salesforce = defineConnector({
  kind: "salesforce",
  name: "Salesforce",
  description: "Objects of a Salesforce organization",
  group: "application",
  rights:
    "API Enabled, where the organization asks for it Use Any API Auth, and Read on the objects; SOAP API login() switched on.",
  credentialPage: "https://help.salesforce.com/s/articleView?id=xcloud.user_security_token.htm&type=5",
  fields: z.object({
    sfURL: textField(300, urlWords)
      .refine(
        (url) => salesforceHost(url) !== null,
        "Enter the address of My Domain, such as https://acme.my.salesforce.com.",
      )
      .meta(urlWords),
    sfUser: secretRef("text", { title: "Username" }),
    sfPassword: secretRef("text", { title: "Password" }),
    sfToken: secretRef("text", { title: "Access token", help: "The user's security token." }),
    sfAPI: z
      .string(versionMessage)
      .trim()
      .regex(/^(?:3[1-9]|[45]\d|6[0-4])\.0$/, versionMessage)
      .default("54.0")
      .meta(versionWords),
  }),
  destinations: ({ sfURL }) => {
    const host = salesforceHost(sfURL);
    return host === null ? [] : [httpsPlace(host, "sfURL", ["sfUser", "sfPassword", "sfToken"])];
  },
});

/** The host of a My Domain address; null for any other address. */
export function salesforceHost(url: string): string | null {
  const host = /^https:\/\/((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}my\.salesforce\.com)\/?$/i.exec(
    url,
  );
  return host?.[1]?.toLowerCase() ?? null;
}
