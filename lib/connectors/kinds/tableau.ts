import * as z from "zod";
import { defineConnector, secretRef } from "@/lib/connectors/define";
import { httpsDestination } from "@/lib/connectors/destination";
import { caCertificateField, textField } from "@/lib/connectors/fields";
import { canonicalHost, writtenHost } from "@/lib/egress/host";

const serverMeta = {
  title: "Tableau Server URL",
  placeholder: "https://prod-useast-b.online.tableau.com",
};
const siteMeta = {
  title: "Tableau Site Name",
  placeholder: "marketing",
  help: "As in the site’s address, after /site/. Leave it empty for the Default site.",
};

/** A site of Tableau Cloud or Tableau Server, signed in with a personal access token. */
export const tableau = defineConnector({
  kind: "tableau",
  name: "Tableau",
  description: "Data sources on a Tableau site",
  group: "application",
  rights:
    "A site role that may publish (Creator or Explorer (can publish)), and permission to publish in the project.",
  credentialPage: "https://help.tableau.com/current/server/en-us/security_personal_access_tokens.htm",
  fields: z.object({
    serverUrl: textField(300, serverMeta)
      .refine(
        (url) => tableauServer(url) !== null,
        "Enter the server’s address only, such as https://tableau.example.com.",
      )
      .meta(serverMeta),
    siteName: textField(100, siteMeta)
      .regex(
        /^[\w-]+$/,
        "Enter the name as it is in the site’s address: letters, digits, dashes and underscores.",
      )
      .default("")
      .meta(siteMeta),
    tokenName: textField(255, {
      title: "Tableau Token Name",
      help: "Use a token for this connection only: Tableau ends a token’s session when it signs in again.",
    }),
    tokenValue: secretRef("text", { title: "Tableau Token" }),
    caCertificate: caCertificateField(),
  }),
  destinations: ({ serverUrl, caCertificate }) => {
    const server = tableauServer(serverUrl);
    if (server === null) return [];
    const secretFields = caCertificate === undefined ? ["tokenValue"] : ["tokenValue", "caCertificate"];
    return [httpsDestination(server.host, "serverUrl", secretFields, server.port)];
  },
});

/** A server's host and port, always over https. Null if the address contains anything else. */
export function tableauServer(url: string): { host: string; port: number } | null {
  if (!/^https:\/\/[^/?]+\/?$/i.test(url) || writtenHost(url) === null) return null;
  const { hostname, port } = new URL(url);
  const host = canonicalHost(hostname);
  return host === null || port === "0" ? null : { host, port: Number(port || 443) };
}
