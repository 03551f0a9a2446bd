import type * as z from "zod";
import type { CheckCode } from "@/lib/connectors/check-protocol";
import type { OpenedProperties } from "@/lib/connectors/define";
import { databricks, parseJdbcUrl } from "@/lib/connectors/kinds/databricks";
import { CheckFailure, defineCheck } from "@/worker/check";
import { fetchDatabricksToken } from "@/worker/clients/databricks-token";
import { type Answer, requireHeaderValue, requireProperty, textAt } from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";
import { loadUndici } from "@/worker/clients/undici";

type Properties = OpenedProperties<z.output<typeof databricks.fields>>;
type Finding = [code: CheckCode, field: string];

/**
 * Reads the descriptions of the warehouse and the schema. A statement would prove more, but it would start a
 * stopped warehouse, which costs money.
 */
export const checkDatabricks = defineCheck(databricks, {
  preload: loadUndici,

  async run(properties, { begin }) {
    const warehouseUrl = requireProperty(parseJdbcUrl(properties.jdbcUrl) ?? undefined, "jdbcUrl");
    const workspace = `https://${warehouseUrl.host}:${warehouseUrl.port}`;
    const [token, field] = await signIn(workspace, properties);
    const call = await createServiceClient("jdbcUrl", token);
    if (properties.authType === "oauth") begin("permission");
    const warehouse = await call(`${workspace}/api/2.0/sql/warehouses/${warehouseUrl.warehouseId}`);
    refuseToken(warehouse, field);
    if (textAt(warehouse.json, "id") === "" && textAt(warehouse.json, "error_code") === "")
      throw new CheckFailure("unexpected_answer", "jdbcUrl");
    begin("permission");
    refuseWarehouse(warehouse);
    const schema = `${encodeURIComponent(properties.catalog)}.${encodeURIComponent(properties.schema)}`;
    const schemaAnswer = await call(`${workspace}/api/2.1/unity-catalog/schemas/${schema}`);
    refuseToken(schemaAnswer, field);
    if (schemaAnswer.status !== 200 || textAt(schemaAnswer.json, "full_name") === "")
      throw new CheckFailure(...schemaFinding(schemaAnswer));
    return {};
  },
  explain: () => null,
});

/** Returns the token and the field that it came from. */
async function signIn(workspace: string, properties: Properties): Promise<[token: string, field: string]> {
  if (properties.authType === "pat")
    return [requireHeaderValue(requireProperty(properties.token, "token"), "token"), "token"];
  const clientId = requireProperty(properties.clientId, "clientId");
  const clientSecret = requireProperty(properties.clientSecret, "clientSecret");
  return [await fetchDatabricksToken(workspace, clientId, clientSecret), "clientSecret"];
}

/** Throws when the token is invalid. Databricks answers 403 with a number in place of the error's name. */
function refuseToken({ status, json }: Answer, field: string): void {
  const message = textAt(json, "message");
  const isRefused = status === 401 || (status === 403 && /access token|token expired/i.test(message));
  if (isRefused)
    throw new CheckFailure(/expire/i.test(message) ? "credential_expired" : "rejected_credentials", field);
  if (status === 403 && message.startsWith("Invalid access to Org"))
    throw new CheckFailure("not_admitted", "jdbcUrl");
}

/**
 * docs.databricks.com/api/warehouses/v1/get-warehouse. A stopped warehouse passes: it starts with the first
 * query.
 */
function refuseWarehouse({ status, json }: Answer): void {
  const isGone = ["DELETED", "DELETING"].includes(textAt(json, "state"));
  if (status === 200 && !isGone) return;
  // Databricks rejects an ID of the wrong form as an invalid parameter.
  throw new CheckFailure(status === 403 ? "not_permitted" : "warehouse_not_found", "jdbcUrl");
}

/** docs.databricks.com/api/workspace/schemas/get. Databricks hides a schema from users who may not use it. */
function schemaFinding({ status, json }: Answer): Finding {
  const code = textAt(json, "error_code");
  const message = textAt(json, "message");
  if (code === "METASTORE_DOES_NOT_EXIST") return ["service_disabled", "catalog"];
  if (status !== 403 && status !== 404) return ["unexpected_answer", "catalog"];
  // Some error codes apply to both catalog and schema. The message is compared, never passed on.
  const isCatalog = code === "CATALOG_DOES_NOT_EXIST" || /^Catalog |\bon Catalog\b/i.test(message);
  if (status === 403) return ["not_permitted", isCatalog ? "catalog" : "schema"];
  return isCatalog ? ["catalog_not_found", "catalog"] : ["schema_not_found", "schema"];
}
