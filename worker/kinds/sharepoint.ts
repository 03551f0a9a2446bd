import type { CheckCode } from "@/lib/connectors/check-protocol";
import { parseSite, sharepoint } from "@/lib/connectors/kinds/sharepoint";
import { CheckFailure, defineCheck } from "@/worker/check";
import { type Answer, at, requireProperty, textAt } from "@/worker/clients/http";
import { fetchMicrosoftToken } from "@/worker/clients/microsoft-token";
import { createServiceClient } from "@/worker/clients/service-client";
import { loadUndici } from "@/worker/clients/undici";

const sites = "https://graph.microsoft.com/v1.0/sites";

/** Signs in, finds the site, and lists at most one file of its document library, without its name. */
export const checkSharepoint = defineCheck(sharepoint, {
  preload: loadUndici,

  async run({ siteUrl, tenantId, clientId, clientSecret }, { begin }) {
    const application = { tenantId, clientId, clientSecret };
    const { host, path } = requireProperty(parseSite(siteUrl) ?? undefined, "siteUrl");
    const token = await fetchMicrosoftToken(application, "https://graph.microsoft.com");
    begin("permission");
    const call = await createServiceClient("siteUrl", token);
    const site = await call(`${sites}/${host}${path === "" ? "" : `:${path}`}?$select=id`);
    const id = textAt(site.json, "id");
    // A site id has three parts: the host, the site collection and the site.
    if (site.status !== 200 || !/^[a-z0-9.-]+(?:,[0-9a-f-]{36}){2}$/i.test(id))
      throw new CheckFailure(finding(site, "site_not_found"), "siteUrl");
    const files = await call(`${sites}/${id}/drive/root/children?$top=1&$select=id`);
    if (files.status === 200 && Array.isArray(at(files.json, "value"))) return {};
    throw new CheckFailure(finding(files, "drive_not_found"), "siteUrl");
  },
  explain: () => null,
});

function finding({ status, json }: Answer, missing: CheckCode): CheckCode {
  // Microsoft Graph answers invalidRequest, not 404, for a host of another tenant.
  const isInvalid = status === 400 && textAt(json, "error", "code") === "invalidRequest";
  if (status === 404 || isInvalid) return missing;
  if (status === 401 || status === 403) return "consent_missing";
  return status >= 400 ? "misconfigured" : "unexpected_answer";
}
