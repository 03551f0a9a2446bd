import { CheckFailure } from "@/worker/check";
import { at, type HttpClient } from "@/worker/clients/http";
import { type Credential, snowflakeFault } from "@/worker/clients/snowflake-fault";

/** A token of a user or a client, and the field of its secret. */
export type Bearer = { token: string; type: "KEYPAIR_JWT" | "OAUTH"; field: Credential };
/** The settings of a session. */
export type SessionSettings = { role: string; warehouse: string; database: string; schema: string };

/**
 * Runs a statement and returns its rows, each an array of texts
 * (docs.snowflake.com/en/developer-guide/sql-api/reference).
 */
export async function runStatement(
  call: HttpClient,
  host: string,
  { token, type, field }: Bearer,
  settings: SessionSettings,
  statement: string,
): Promise<unknown[]> {
  const answer = await call(`https://${host}/api/v2/statements`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "x-snowflake-authorization-token-type": type },
    body: JSON.stringify({
      statement,
      timeout: 8,
      role: storedName(settings.role),
      warehouse: storedName(settings.warehouse),
      database: storedName(settings.database),
      schema: storedName(settings.schema),
    }),
  });
  if (answer.status === 202 || answer.status === 408) throw new CheckFailure("timed_out", "warehouse");
  if (answer.status !== 200) throw snowflakeFault(answer, field);
  const rows = at(answer.json, "data");
  return Array.isArray(rows) ? rows : [];
}

/**
 * Returns a name as Snowflake stores it. The SQL API compares names exactly; SQL and the drivers read them as
 * identifiers.
 */
function storedName(name: string): string {
  const quoted = /^"(.+)"$/.exec(name)?.[1];
  return quoted === undefined ? name.toUpperCase() : quoted.replaceAll('""', '"');
}
