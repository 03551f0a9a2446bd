import type { CheckCode } from "@/lib/connectors/check-protocol";
import { CheckFailure } from "@/worker/check";
import { requireHeaderValue, textAt } from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";

type Finding = [code: CheckCode, field: string];

/** RFC 6749, section 5.2. */
const refusals: Record<string, Finding> = {
  invalid_client: ["rejected_credentials", "clientSecret"],
  invalid_scope: ["scope_rejected", "clientId"],
  unauthorized_client: ["grant_not_allowed", "clientId"],
  unsupported_grant_type: ["grant_not_allowed", "clientId"],
};

/**
 * Buys a token for a service principal from its workspace
 * (docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m).
 */
export async function fetchDatabricksToken(
  workspace: string,
  clientId: string,
  clientSecret: string,
): Promise<string> {
  const call = await createServiceClient("jdbcUrl");
  const pair = [clientId, requireHeaderValue(clientSecret, "clientSecret")].map(encodeURIComponent).join(":");
  const { status, json } = await call(`${workspace}/oidc/v1/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "all-apis" }),
  });
  const token = textAt(json, "access_token");
  if (status === 200 && token !== "") return requireHeaderValue(token, "jdbcUrl");
  const refusal = refusals[textAt(json, "error")];
  if (refusal !== undefined) throw new CheckFailure(...refusal);
  if (status === 401) throw new CheckFailure("rejected_credentials", "clientSecret");
  throw new CheckFailure("unexpected_answer", "jdbcUrl");
}
