import type { CheckCode } from "@/lib/connectors/check-protocol";
import { smartsheet } from "@/lib/connectors/kinds/smartsheet";
import { CheckFailure, defineCheck } from "@/worker/check";
import { type Answer, at, requireHeaderValue } from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";
import { loadUndici } from "@/worker/clients/undici";

const field = "accessToken";
const api = "https://api.smartsheet.com/2.0";

/** Reads the token's user, then lists one sheet that the user can see. The list may be empty. */
export const checkSmartsheet = defineCheck(smartsheet, {
  preload: loadUndici,

  async run({ accessToken }, { begin }) {
    const call = await createServiceClient(field, requireHeaderValue(accessToken, field));
    const user = await call(`${api}/users/me`);
    if (user.status !== 200 || typeof at(user.json, "id") !== "number")
      throw new CheckFailure(finding(user), field);
    begin("permission");
    const sheets = await call(`${api}/sheets?pageSize=1`);
    if (sheets.status !== 200 || !Array.isArray(at(sheets.json, "data")))
      throw new CheckFailure(finding(sheets), field);
    return {};
  },
  explain: () => null,
});

/** developers.smartsheet.com/api/smartsheet/error-codes */
function finding({ status, json }: Answer): CheckCode {
  switch (at(json, "errorCode")) {
    case 1003:
      return "credential_expired";
    case 1004:
      return "not_permitted";
    case 4003:
      return "rate_limited";
    default:
      if (status === 401) return "rejected_credentials";
      return status === 403 ? "not_permitted" : "unexpected_answer";
  }
}
