import type { CheckCode } from "@/lib/connectors/check-protocol";
import { CheckFailure } from "@/worker/check";
import { type Answer, at, textAt } from "@/worker/clients/http";

/** The field that names the requested resource, and the finding when Google does not find it. */
type Subject = { readonly field: string; readonly missing: CheckCode };

const disabled = ["accessNotConfigured", "SERVICE_DISABLED", "billingNotEnabled", "accountDisabled"];
const limited = ["rateLimitExceeded", "quotaExceeded", "userRateLimitExceeded"];

/** Throws the finding for an error of a Google Cloud API (cloud.google.com/apis/design/errors, JSON form). */
export function refuseGoogleFault({ status, json }: Answer, kind: string, { field, missing }: Subject): void {
  if (status === 200 && textAt(json, "kind") === kind) return;
  throw new CheckFailure(...finding());

  function finding(): [CheckCode, string?] {
    const reasons = [...members(at(json, "error", "errors")), ...members(at(json, "error", "details"))];
    if (reasons.some((reason) => disabled.includes(reason))) return ["service_disabled", field];
    if (reasons.some((reason) => limited.includes(reason))) return ["rate_limited"];
    if (status === 401) return ["rejected_credentials", "serviceAccountKey"];
    if (status === 403) return ["not_permitted", field];
    // BigQuery also answers this for a project that does not exist. The message is compared, never passed on.
    const isUnknown = textAt(json, "error", "message").includes("has not enabled BigQuery");
    if (status === 404 || isUnknown) return [missing, field];
    return [status >= 400 ? "misconfigured" : "unexpected_answer", field];
  }
}

function members(list: unknown): string[] {
  return Array.isArray(list) ? list.map((one) => textAt(one, "reason")) : [];
}
