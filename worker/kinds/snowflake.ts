import type { z } from "zod";
import type { OpenedProperties } from "@/lib/connectors/define";
import { snowflake, snowflakeHost } from "@/lib/connectors/kinds/snowflake";
import { type CheckContext, CheckFailure, defineCheck } from "@/worker/check";
import {
  at,
  explainHttp,
  type HttpClient,
  loadHttp,
  requireHeaderValue,
  requireProperty,
} from "@/worker/clients/http";
import { fetchToken } from "@/worker/clients/oauth-token";
import { createServiceClient } from "@/worker/clients/service-client";
import {
  type Credential,
  contextQuery,
  requireContext,
  snowflakeFault,
} from "@/worker/clients/snowflake-fault";
import { signSnowflakeToken } from "@/worker/clients/snowflake-key";
import { trySession } from "@/worker/clients/snowflake-session";

type Properties = OpenedProperties<z.output<typeof snowflake.fields>>;

/** Signs in and compares the session's role, warehouse, database and schema. */
export const checkSnowflake = defineCheck(snowflake, {
  preload: () => Promise.all([loadHttp(), import("jose")]),

  async run(properties, context) {
    const host = requireProperty(snowflakeHost(properties.account) ?? undefined, "account");
    const call = await createServiceClient("account");
    switch (properties.authType) {
      case "pwd": {
        const username = requireProperty(properties.username, "username");
        const password = requireProperty(properties.password, "password");
        await trySession(call, host, { ...properties, username, password }, context);
        break;
      }
      case "key_pair": {
        const username = requireProperty(properties.username, "username");
        const key = requireProperty(properties.privateKey, "privateKey");
        const token = await signSnowflakeToken(properties.account, username, key);
        await tryStatement(
          call,
          host,
          properties,
          { token, type: "KEYPAIR_JWT", field: "privateKey" },
          context,
        );
        break;
      }
      case "oauth_client_credentials": {
        const client = requireProperty(properties.oauthClient, "oauthClient");
        const token = requireHeaderValue(await fetchToken(client, undefined), "oauthClient");
        await tryStatement(call, host, properties, { token, type: "OAUTH", field: "oauthClient" }, context);
        break;
      }
    }
    return {};
  },
  explain: (error) => explainHttp(error, "oauthClient"),
});

type Bearer = { token: string; type: "KEYPAIR_JWT" | "OAUTH"; field: Credential };

/** docs.snowflake.com/en/developer-guide/sql-api/reference */
async function tryStatement(
  call: HttpClient,
  host: string,
  properties: Properties,
  { token, type, field }: Bearer,
  { begin }: CheckContext,
): Promise<void> {
  const answer = await call(`https://${host}/api/v2/statements`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "x-snowflake-authorization-token-type": type },
    body: JSON.stringify({
      statement: contextQuery,
      timeout: 10,
      role: storedName(properties.role),
      warehouse: storedName(properties.warehouse),
      database: storedName(properties.database),
      schema: storedName(properties.schema),
    }),
  });
  if (answer.status === 202 || answer.status === 408) throw new CheckFailure("timed_out", "warehouse");
  if (answer.status !== 200) throw snowflakeFault(answer, field);
  const row = at(answer.json, "data", 0);
  if (row === undefined) throw new CheckFailure("unexpected_answer", "account");
  begin("permission");
  requireContext(row, properties);
}

/**
 * Returns a name as Snowflake stores it. The SQL API compares names exactly; SQL and the drivers read them as
 * identifiers.
 */
function storedName(name: string): string {
  const quoted = /^"(.+)"$/.exec(name)?.[1];
  return quoted === undefined ? name.toUpperCase() : quoted.replaceAll('""', '"');
}
