import { randomUUID } from "node:crypto";
import type { Authority } from "@/launcher/certificates.mjs";
import { type OneService, type Replies, startOneService } from "@/testing/servers/one-service";
import type { ServiceReply } from "@/testing/servers/service-replies";

export const databricksHost = "dbc-a1b2345c-d6e7.cloud.databricks.com";
export const databricksProperties = {
  jdbcUrl: `jdbc:databricks://${databricksHost}:443/default;transportMode=http;ssl=1;AuthMech=3;httpPath=/sql/1.0/warehouses/1234567890abcdef;`,
  catalog: "main",
  schema: "sales",
};
export const databricksToken = "dapi-canary-of-databricks-1234";
export const databricksPrincipal = {
  clientId: "7a1b6c1e-3a52-4c3c-8b0b-64d6a1f0c9aa",
  clientSecret: "dose-canary-of-a-service-principal",
};

export const warehousePath = "GET /api/2.0/sql/warehouses/1234567890abcdef";
export const schemaPath = "GET /api/2.1/unity-catalog/schemas/main.sales";
export const tokenPath = "POST /oidc/v1/token";

/** docs.databricks.com/api/warehouses/v1/get-warehouse and docs.databricks.com/api/workspace/schemas/get. */
export const goodDatabricks: Replies = {
  [warehousePath]: {
    status: 200,
    body: { id: "1234567890abcdef", name: "Starter Warehouse", cluster_size: "Small", state: "STOPPED" },
  },
  [schemaPath]: {
    status: 200,
    body: { name: "sales", catalog_name: "main", full_name: "main.sales", catalog_type: "MANAGED_CATALOG" },
  },
};

/**
 * An error as in docs.databricks.com/api/ (REST API reference, Errors). For a token error, the code is the
 * status.
 */
export function databricksError(status: number, error_code: string | number, message: string): ServiceReply {
  return { status, body: { error_code, message } };
}

/**
 * A workspace. Accepts a personal access token, or a token by client credentials
 * (docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m).
 */
export function startDatabricks(authority: Authority, replies: Replies = {}): Promise<OneService> {
  const bought = `eyJraWQi.${randomUUID()}`;
  const { clientId, clientSecret } = databricksPrincipal;
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
  return startOneService(authority, [`${databricksHost}:443`], ({ operation, headers, body }) => {
    const known = replies[operation];
    if (operation === tokenPath) {
      const isAsked = new URLSearchParams(body).get("scope") === "all-apis";
      if (headers.authorization !== basic || !isAsked)
        return {
          status: 401,
          body: { error: "invalid_client", error_description: "Client authentication failed" },
        };
      return (
        known ?? {
          status: 200,
          body: { access_token: bought, token_type: "Bearer", expires_in: 3600, scope: "all-apis" },
        }
      );
    }
    const isToken = [databricksToken, bought].includes(headers.authorization?.replace("Bearer ", "") ?? "");
    if (!isToken) return databricksError(403, 403, "Invalid access token.");
    return (
      known ??
      goodDatabricks[operation] ??
      databricksError(404, "ENDPOINT_NOT_FOUND", `No API found for ${operation}`)
    );
  });
}
