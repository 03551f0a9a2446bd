import * as z from "zod";
import { defineConnector } from "@/lib/connectors/define";
import { httpsDestination, provedAt } from "@/lib/connectors/destination";
import { kgConfig, textField } from "@/lib/connectors/fields";
import {
  microsoftCredentialPage,
  microsoftFields,
  microsoftSignIn,
} from "@/lib/connectors/kinds/microsoft-fields";

const siteMeta = { title: "Site URL", placeholder: "https://contoso.sharepoint.com/sites/sales" };

/** The document library of a SharePoint site, signed in as an application. */
export const sharepoint = defineConnector({
  kind: "sharepoint",
  name: "SharePoint",
  description: "Files of a SharePoint site",
  group: "files",
  keywords: "microsoft 365 excel xlsx csv",
  rights:
    "The application permission Sites.Selected of Microsoft Graph, with write access to this site. Sites.Manage.All works too.",
  credentialPage: microsoftCredentialPage,
  fields: z.object({
    siteUrl: textField(1000, siteMeta)
      .refine(
        (address) => parseSite(address) !== null,
        "Enter the address of the site only, such as https://contoso.sharepoint.com/sites/sales.",
      )
      .meta(siteMeta),
    ...microsoftFields,
    kgConfig,
  }),
  destinations: () => [
    microsoftSignIn,
    provedAt(httpsDestination("graph.microsoft.com", "siteUrl", ["clientSecret"])),
  ],
});

/** Parses a site's host and path, with each part of the path encoded; null for any other address. */
export function parseSite(address: string): { host: string; path: string } | null {
  if (!/^https:\/\/[a-z0-9-]+\.sharepoint\.com(?:\/[^?#\\]*)?$/i.test(address) || !URL.canParse(address))
    return null;
  const { hostname, pathname } = new URL(address);
  const parts = pathname.split("/").filter((part) => part !== "");
  if (!parts.every(isName)) return null;
  return { host: hostname, path: parts.map((part) => `/${part}`).join("") };
}

/** True for a valid part of a site's path. A colon would end the path in Microsoft Graph's syntax. */
function isName(part: string): boolean {
  try {
    return /^[^"#%&*:<>?/\\{|}~\p{Cc}]+$/u.test(decodeURIComponent(part)) && !part.endsWith(".aspx");
  } catch {
    return false;
  }
}
