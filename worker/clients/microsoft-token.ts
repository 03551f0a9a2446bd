import type { CheckCode } from "@/lib/connectors/check-protocol";
import { CheckFailure } from "@/worker/check";
import { at, requireHeaderValue, textAt } from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";

/** An application in Microsoft Entra ID. */
export type MicrosoftApplication = { tenantId: string; clientId: string; clientSecret: string };
type Finding = [code: CheckCode, field: string];

/** Error numbers from learn.microsoft.com/entra/identity-platform/reference-error-codes. */
const findings = new Map<unknown, Finding>([
  [7000215, ["rejected_credentials", "clientSecret"]],
  [7000222, ["credential_expired", "clientSecret"]],
  [700016, ["client_unknown", "clientId"]],
  [7000229, ["client_unknown", "clientId"]],
  [7000112, ["account_locked", "clientId"]],
  [90002, ["tenant_not_found", "tenantId"]],
  [900021, ["tenant_not_found", "tenantId"]],
  [900023, ["tenant_not_found", "tenantId"]],
  [53003, ["not_admitted", "clientId"]],
  [500011, ["service_disabled", "tenantId"]],
  [70011, ["scope_rejected", "clientId"]],
  [1002012, ["scope_rejected", "clientId"]],
]);

/** For unlisted numbers: the OAuth error decides. */
const oauthFindings = new Map<string, Finding>([
  ["invalid_client", ["rejected_credentials", "clientSecret"]],
  ["unauthorized_client", ["client_unknown", "clientId"]],
  ["invalid_scope", ["scope_rejected", "clientId"]],
  ["invalid_resource", ["service_disabled", "tenantId"]],
]);

/** Buys a token for one resource, such as https://graph.microsoft.com, by client credentials. */
export async function fetchMicrosoftToken(
  { tenantId, clientId, clientSecret }: MicrosoftApplication,
  resource: string,
): Promise<string> {
  const call = await createServiceClient("tenantId");
  const tenant = encodeURIComponent(tenantId);
  const { status, json } = await call(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: requireHeaderValue(clientSecret, "clientSecret"),
      scope: `${resource}/.default`,
    }),
  });
  const token = textAt(json, "access_token");
  if (status === 200 && token !== "") return requireHeaderValue(token, "tenantId");
  throw explainRefusal(json);
}

function explainRefusal(json: unknown): CheckFailure {
  const numbers = at(json, "error_codes");
  const listedNumber = Array.isArray(numbers) ? numbers.find((number) => findings.has(number)) : undefined;
  const finding = findings.get(listedNumber) ?? oauthFindings.get(textAt(json, "error"));
  if (finding !== undefined) return new CheckFailure(...finding);
  return new CheckFailure(textAt(json, "error") === "" ? "unexpected_answer" : "misconfigured", "tenantId");
}
