import * as z from "zod";
import { defineConnector, passwordRef, secretRef, userOf } from "@/lib/connectors/define";
import { httpsDestination } from "@/lib/connectors/destination";
import { textField } from "@/lib/connectors/fields";

const urlMeta = {
  title: "Salesforce URL",
  placeholder: "https://acme.my.salesforce.com",
  help: "The My Domain address. For a sandbox: https://acme--dev.sandbox.my.salesforce.com.",
};
const versionMeta = {
  title: "Salesforce API version",
  placeholder: "54.0",
  help: "At most 64.0: later versions do not support sign-in by password.",
};
const versionMessage =
  "Enter a version from 31.0 to 64.0. Later versions do not support sign-in by password.";

/** The objects of a Salesforce organization, signed in as one of its users. */
export const salesforce = defineConnector({
  kind: "salesforce",
  name: "Salesforce",
  description: "Objects of a Salesforce organization",
  group: "application",
  keywords: "sfdc crm",
  rights:
    "API Enabled, Read on the objects, and Use Any API Auth if the organization requires it. SOAP API login() must be enabled.",
  credentialPage: "https://help.salesforce.com/s/articleView?id=xcloud.user_security_token.htm&type=5",
  fields: z.object({
    sfURL: textField(300, urlMeta)
      .refine(
        (url) => salesforceHost(url) !== null,
        "Enter the address of My Domain, such as https://acme.my.salesforce.com.",
      )
      .meta(urlMeta),
    sfUser: userOf("sfPassword", secretRef("text", { title: "Username" })),
    sfPassword: passwordRef({ title: "Password" }),
    sfToken: secretRef("text", { title: "Access token", help: "The user’s security token." }),
    sfAPI: z
      .string(versionMessage)
      .trim()
      .regex(/^(?:3[1-9]|[45]\d|6[0-4])\.0$/, versionMessage)
      .default("54.0")
      .meta(versionMeta),
  }),
  destinations: ({ sfURL }) => {
    const host = salesforceHost(sfURL);
    return host === null ? [] : [httpsDestination(host, "sfURL", ["sfUser", "sfPassword", "sfToken"])];
  },
});

/** The host of a My Domain address; null for any other address. */
export function salesforceHost(url: string): string | null {
  const match = /^https:\/\/((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,3}my\.salesforce\.com)\/?$/i.exec(
    url,
  );
  return match?.[1]?.toLowerCase() ?? null;
}
