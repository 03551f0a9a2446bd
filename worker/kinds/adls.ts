import type { CheckCode } from "@/lib/connectors/check-protocol";
import { adls } from "@/lib/connectors/kinds/adls";
import { CheckFailure, defineCheck } from "@/worker/check";
import { type Answer, at, textAt } from "@/worker/clients/http";
import { fetchMicrosoftToken } from "@/worker/clients/microsoft-token";
import { createServiceClient } from "@/worker/clients/service-client";
import { loadUndici } from "@/worker/clients/undici";

/** Signs in and lists at most one path of the container (Path - List of Data Lake Storage Gen2). */
export const checkAdls = defineCheck(adls, {
  preload: loadUndici,

  async run({ accountName, containerName, ...application }, { begin }) {
    const token = await fetchMicrosoftToken(application, "https://storage.azure.com");
    begin("permission");
    const call = await createServiceClient("accountName", token);
    const container = `https://${accountName}.dfs.core.windows.net/${encodeURIComponent(containerName)}`;
    const answer = await call(`${container}?resource=filesystem&recursive=false&maxResults=1`, {
      headers: { "x-ms-version": "2023-11-03" },
    });
    if (answer.status === 200 && Array.isArray(at(answer.json, "paths"))) return {};
    throw new CheckFailure(...finding(answer));
  },
  explain: () => null,
});

function finding({ status, headers, json }: Answer): [CheckCode, string] {
  switch (headers["x-ms-error-code"] || textAt(json, "error", "code")) {
    case "AuthorizationFailure":
    case "AuthorizationSourceIPMismatch":
      // The account's network rules refused. A missing role gives AuthorizationPermissionMismatch instead.
      return ["not_admitted", "accountName"];
    case "AccountIsDisabled":
      return ["account_locked", "accountName"];
    case "EndpointUnsupportedAccountFeatures":
      return ["service_disabled", "accountName"];
    case "InvalidAuthenticationInfo":
      // The token is from another directory than the account.
      return ["not_permitted", "tenantId"];
  }
  if (status === 404) return ["container_not_found", "containerName"];
  if (status === 401 || status === 403) return ["not_permitted", "containerName"];
  return [status >= 400 ? "misconfigured" : "unexpected_answer", "accountName"];
}
