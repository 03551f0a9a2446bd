import type { CheckCode } from "@/lib/connectors/check-protocol";
import { onedrive } from "@/lib/connectors/kinds/onedrive";
import { CheckFailure, defineCheck } from "@/worker/check";
import { type Answer, at, requireHeaderValue, textAt } from "@/worker/clients/http";
import { fetchMicrosoftToken } from "@/worker/clients/microsoft-token";
import { createServiceClient } from "@/worker/clients/service-client";
import { loadUndici } from "@/worker/clients/undici";

/** Signs in and lists at most one file of the user's drive, without its name. */
export const checkOnedrive = defineCheck(onedrive, {
  preload: loadUndici,

  async run({ userName, ...application }, { begin }) {
    requireHeaderValue(userName, "userName");
    const token = await fetchMicrosoftToken(application, "https://graph.microsoft.com");
    begin("permission");
    // Other characters could change the path of the request.
    if (!/^[^@\s/\\]+@[^@\s/\\]+$/.test(userName)) throw new CheckFailure("user_not_found", "userName");
    const call = await createServiceClient("tenantId", token);
    const drive = `https://graph.microsoft.com/v1.0/users/${encodeURIComponent(userName)}/drive`;
    const answer = await call(`${drive}/root/children?$top=1&$select=id`);
    if (answer.status === 200 && Array.isArray(at(answer.json, "value"))) return {};
    throw new CheckFailure(...finding(answer));
  },
  explain: () => null,
});

/**
 * Maps a refusal to a finding. A user without a drive has no error code of its own, so messages are compared.
 * They are never passed on.
 */
function finding({ status, json }: Answer): [CheckCode, string] {
  const code = textAt(json, "error", "code");
  const message = textAt(json, "error", "message").toLowerCase();
  if (message.includes("does not have a spo license")) return ["service_disabled", "tenantId"];
  if (message.includes("mysite")) return ["drive_not_found", "userName"];
  if (code === "Request_ResourceNotFound" || message === "user not found")
    return ["user_not_found", "userName"];
  if (status === 404) return ["drive_not_found", "userName"];
  if (status === 401 || status === 403) return ["consent_missing", "clientId"];
  return [status >= 400 ? "misconfigured" : "unexpected_answer", "userName"];
}
