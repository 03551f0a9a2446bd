import { randomUUID } from "node:crypto";
import { snowflakeAccountName } from "@/lib/connectors/kinds/snowflake";
import type { CheckContext } from "@/worker/check";
import { at, type HttpClient, requireHeaderValue, requireSingleLine, textAt } from "@/worker/clients/http";
import { contextQuery, requireContext, snowflakeFault } from "@/worker/clients/snowflake-fault";

type Login = {
  account: string;
  username: string;
  password: string;
  role: string;
  warehouse: string;
  database: string;
  schema: string;
};

/**
 * Signs in by password, reads the session's settings, and closes the session. The documented SQL API has no
 * sign-in by password, so this follows Snowflake's open-source drivers.
 */
export async function trySession(
  call: HttpClient,
  host: string,
  login: Login,
  { begin }: CheckContext,
): Promise<void> {
  const token = await signIn(call, host, login);
  begin("permission");
  const headers = { authorization: `Snowflake Token="${token}"` };
  try {
    const answer = await call(`https://${host}/queries/v1/query-request?requestId=${randomUUID()}`, {
      method: "POST",
      headers,
      body: JSON.stringify({ sqlText: contextQuery, asyncExec: false, sequenceId: 1 }),
    });
    if (answer.status !== 200 || at(answer.json, "success") !== true)
      throw snowflakeFault(answer, "password", "permission");
    requireContext(at(answer.json, "data", "rowset", 0), login);
  } finally {
    // A failure here says nothing about the connection. Snowflake closes idle sessions automatically.
    await call(`https://${host}/session?delete=true&requestId=${randomUUID()}`, {
      method: "POST",
      headers,
      body: "{}",
    }).catch(() => {});
  }
}

async function signIn(call: HttpClient, host: string, login: Login): Promise<string> {
  const { warehouse, role } = login;
  const query = new URLSearchParams({
    requestId: randomUUID(),
    databaseName: login.database,
    schemaName: login.schema,
    warehouse,
    roleName: role,
  });
  const answer = await call(`https://${host}/session/v1/login-request?${query}`, {
    method: "POST",
    body: JSON.stringify({
      data: {
        CLIENT_APP_ID: "Selvage",
        CLIENT_APP_VERSION: "1.0.0",
        ACCOUNT_NAME: snowflakeAccountName(login.account),
        LOGIN_NAME: login.username,
        PASSWORD: requireSingleLine(login.password, "password"),
        SESSION_PARAMETERS: { CLIENT_VALIDATE_DEFAULT_PARAMETERS: true },
        CLIENT_ENVIRONMENT: { APPLICATION: "Selvage" },
      },
    }),
  });
  const token = textAt(answer.json, "data", "token");
  const isSignedIn = answer.status === 200 && at(answer.json, "success") === true && token !== "";
  if (!isSignedIn) throw snowflakeFault(answer, "password");
  return requireHeaderValue(token, "account");
}
