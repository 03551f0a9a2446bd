import type { CheckCode } from "@/lib/connectors/check-protocol";
import { powerbi } from "@/lib/connectors/kinds/powerbi";
import { CheckFailure, defineCheck } from "@/worker/check";
import { type Answer, at, textAt } from "@/worker/clients/http";
import { fetchMicrosoftToken } from "@/worker/clients/microsoft-token";
import { createServiceClient } from "@/worker/clients/service-client";
import { loadUndici } from "@/worker/clients/undici";

/** Signs in and lists one workspace that the application is a member of. Writes nothing. */
export const checkPowerbi = defineCheck(powerbi, {
  preload: loadUndici,

  async run(application, { begin }) {
    const token = await fetchMicrosoftToken(application, "https://analysis.windows.net/powerbi/api");
    begin("permission");
    const call = await createServiceClient("tenantId", token);
    const answer = await call("https://api.powerbi.com/v1.0/myorg/groups?$top=1");
    const workspaces = at(answer.json, "value");
    if (answer.status !== 200 || !Array.isArray(workspaces)) throw new CheckFailure(...finding(answer));
    // An application has no workspace of its own, so without one it could not write anywhere.
    if (workspaces.length === 0) throw new CheckFailure("not_permitted", "clientId");
    return {};
  },
  explain: () => null,
});

function finding({ status, headers, json }: Answer): [CheckCode, string] {
  const errorCode = headers["x-powerbi-error-info"] || textAt(json, "error", "code");
  // The tenant setting for service principals is off, or this application is not in its group.
  if (
    errorCode === "ServicePrincipalIsNotAllowedByTenantAdminSwitch" ||
    errorCode === "PowerBINotAuthorizedException"
  )
    return ["service_disabled", "clientId"];
  if (status === 401 || status === 403) return ["consent_missing", "clientId"];
  return [status >= 400 ? "misconfigured" : "unexpected_answer", "tenantId"];
}
