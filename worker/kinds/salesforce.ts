import type { CheckCode } from "@/lib/connectors/check-protocol";
import { salesforce, salesforceHost } from "@/lib/connectors/kinds/salesforce";
import { CheckFailure, defineCheck } from "@/worker/check";
import {
  type Answer,
  requireHeaderValue,
  requireProperty,
  requireSingleLine,
  textAt,
} from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";
import { elementText, loginEnvelope } from "@/worker/clients/soap-login";
import { loadUndici } from "@/worker/clients/undici";

type Finding = [code: CheckCode, field?: string];

/**
 * Faults listed in
 * developer.salesforce.com/docs/platform/api/guide/sforce-api-calls-concepts-core-data-objects.html.
 */
const faults: Record<string, Finding> = {
  INVALID_LOGIN: ["rejected_credentials", "sfPassword"],
  LOGIN_MUST_USE_SECURITY_TOKEN: ["rejected_credentials", "sfToken"],
  PASSWORD_LOCKOUT: ["account_locked", "sfUser"],
  ORG_LOCKED: ["account_locked", "sfURL"],
  TRIAL_EXPIRED: ["account_locked", "sfURL"],
  INVALID_OPERATION_WITH_EXPIRED_PASSWORD: ["password_change_required", "sfPassword"],
  API_DISABLED_FOR_ORG: ["service_disabled", "sfURL"],
  // The organization has login() switched off.
  INVALID_OPERATION: ["sign_in_not_offered", "sfURL"],
  UNSUPPORTED_API_VERSION: ["version_not_supported", "sfAPI"],
  REQUEST_LIMIT_EXCEEDED: ["rate_limited"],
  LOGIN_RATE_EXCEEDED: ["rate_limited"],
  API_CURRENTLY_DISABLED: ["server_not_ready"],
  SERVER_UNAVAILABLE: ["server_not_ready"],
};

/**
 * Signs in with the SOAP login(), the only way without a connected app. Then lists the resources of the
 * session.
 *
 * It does not sign out: sign-ins of one user may share a session, so a pipeline's session could end too.
 */
export const checkSalesforce = defineCheck(salesforce, {
  preload: loadUndici,

  async run({ sfURL, sfUser, sfPassword, sfToken, sfAPI }, { begin }) {
    const origin = `https://${requireProperty(salesforceHost(sfURL) ?? undefined, "sfURL")}`;
    const password = `${requireSingleLine(sfPassword, "sfPassword")}${requireSingleLine(sfToken, "sfToken")}`;
    const call = await createServiceClient("sfURL");
    const answer = await call(`${origin}/services/Soap/u/${sfAPI}`, {
      method: "POST",
      headers: { accept: "text/xml", "content-type": "text/xml; charset=utf-8", soapaction: '""' },
      body: loginEnvelope(requireSingleLine(sfUser, "sfUser"), password),
      refusesBy500: true,
    });
    const session = readSession(answer);
    begin("permission");
    // A session works only at its own server. A hostile answer could name another address, so nothing is sent
    // there.
    if (!isAt(session.serverUrl, origin)) throw new CheckFailure("redirected", "sfURL");
    const resources = await call(`${origin}/services/data/v${sfAPI}/`, {
      headers: { authorization: `Bearer ${session.id}` },
    });
    if (resources.status !== 200 || textAt(resources.json, "sobjects") === "")
      throw new CheckFailure(...restFinding(resources));
    return {};
  },
  explain: () => null,
});

function readSession({ status, text }: Answer): { id: string; serverUrl: string } {
  const code = elementText(text, "exceptionCode") || elementText(text, "faultcode").replace(/^\w+:/, "");
  // Any other refusal concerns this user: login hours, network, or a missing right to use login().
  if (code !== "" && status >= 400) throw new CheckFailure(...(faults[code] ?? ["not_admitted", "sfUser"]));
  if (status === 500) throw new CheckFailure("server_error");
  const id = elementText(text, "sessionId");
  if (status !== 200 || (id === "" && elementText(text, "passwordExpired") !== "true"))
    throw new CheckFailure(status === 403 ? "not_admitted" : "unexpected_answer", "sfURL");
  if (elementText(text, "passwordExpired") === "true")
    throw new CheckFailure("password_change_required", "sfPassword");
  return { id: requireHeaderValue(id, "sfURL"), serverUrl: elementText(text, "serverUrl") };
}

function isAt(address: string, origin: string): boolean {
  return URL.canParse(address) && new URL(address).origin === origin;
}

/** developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm */
function restFinding({ status, json }: Answer): Finding {
  const fault = faults[textAt(json, 0, "errorCode")];
  if (fault !== undefined) return fault;
  if (status === 404 || status === 410) return ["version_not_supported", "sfAPI"];
  return status === 401 || status === 403 ? ["not_permitted", "sfUser"] : ["unexpected_answer", "sfURL"];
}
