import type * as z from "zod";
import type { OpenedProperties } from "@/lib/connectors/define";
import { snowflake, snowflakeHost } from "@/lib/connectors/kinds/snowflake";
import { type CheckContext, CheckFailure, defineCheck } from "@/worker/check";
import { explainHttp, type HttpClient, requireHeaderValue, requireProperty } from "@/worker/clients/http";
import { fetchToken } from "@/worker/clients/oauth-token";
import { createServiceClient } from "@/worker/clients/service-client";
import { contextQuery, requireContext } from "@/worker/clients/snowflake-fault";
import { signSnowflakeToken } from "@/worker/clients/snowflake-key";
import { trySession } from "@/worker/clients/snowflake-session";
import { type Bearer, runStatement } from "@/worker/clients/snowflake-statement";
import { loadUndici } from "@/worker/clients/undici";

type Properties = OpenedProperties<z.output<typeof snowflake.fields>>;

/** Signs in and compares the session's role, warehouse, database and schema. */
export const checkSnowflake = defineCheck(snowflake, {
  preload: () => Promise.all([loadUndici(), import("jose")]),

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
        const bearer = { token, type: "KEYPAIR_JWT", field: "privateKey" } as const;
        await tryStatement(call, host, properties, bearer, context);
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

/** Reads the settings of the session in which a statement runs. */
async function tryStatement(
  call: HttpClient,
  host: string,
  properties: Properties,
  bearer: Bearer,
  { begin }: CheckContext,
): Promise<void> {
  const [row] = await runStatement(call, host, bearer, properties, contextQuery);
  if (row === undefined) throw new CheckFailure("unexpected_answer", "account");
  begin("permission");
  requireContext(row, properties);
}
