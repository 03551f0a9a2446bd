import type { Client } from "pg";
import { type CheckContext, CheckFailure, errorProperty } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import type { DatabaseLogin } from "@/worker/clients/database-login";
import { networkFault } from "@/worker/egress/socket-faults";

export const loadPostgres = () => import("pg");

/** Signs in to a server with the PostgreSQL protocol, runs a query and disconnects. */
export async function queryPostgres<T>(
  { server, port, database, username, password, tlsMode, caCertificate }: DatabaseLogin,
  { begin }: CheckContext,
  query: (client: Client) => Promise<T>,
): Promise<T> {
  // The protocol ends strings at NUL, so the server would silently ignore the rest of the password.
  if (password.includes("\0")) throw new CheckFailure("secret_malformed", "password");
  const ssl = tlsMode === "disable" ? false : sharedVerification(tlsMode, caCertificate);
  const { Client } = (await loadPostgres()).default;
  const client = new Client({
    host: server,
    port: Number(port),
    database,
    user: username,
    password,
    ssl,
    application_name: "selvage check",
  });
  await client.connect();
  begin("permission");
  const answer = await query(client);
  await client.end();
  return answer;
}

/**
 * Maps a driver's error to a finding, by SQLSTATE (PostgreSQL, Appendix A: Error Codes); null when it is
 * unknown.
 */
export function explainPostgres(error: unknown, { tlsMode }: { tlsMode: string }): CheckFailure | null {
  const message = error instanceof Error ? error.message : "";
  const state = errorProperty(error, "code");
  const finding =
    (state === "08P01" ? byPoolerText(message) : null) ??
    bySqlState(state, errorProperty(error, "routine"), tlsMode);
  if (finding !== null) return finding;
  // These errors have no code. The driver's own texts are compared, never passed on.
  if (message.startsWith("The server does not support SSL"))
    return new CheckFailure("tls_not_offered", "tlsMode");
  if (/^(There was an error establishing an SSL|received invalid response)/.test(message))
    return new CheckFailure("wrong_protocol", "port");
  if (message.startsWith("Connection terminated")) return new CheckFailure("connection_closed", "port");
  const fault = networkFault(error);
  return fault === null ? null : new CheckFailure(fault, "port");
}

/**
 * Maps an error of PgBouncer, which gives many of its own the SQLSTATE of a protocol violation. Its text is
 * compared, never passed on.
 */
function byPoolerText(message: string): CheckFailure | null {
  if (/authentication failed|no such user/.test(message))
    return new CheckFailure("rejected_credentials", "password");
  if (/no such database|database .* does not exist/.test(message))
    return new CheckFailure("database_not_found", "database", undefined, "permission");
  return null;
}

function bySqlState(state: string, routine: string, tlsMode: string): CheckFailure | null {
  switch (state) {
    case "28P01":
      return new CheckFailure("rejected_credentials", "password");
    case "28000":
      // `ClientAuthentication`: pg_hba.conf refused before the password was checked. Otherwise, the role
      // itself was refused.
      return routine === "ClientAuthentication"
        ? new CheckFailure("not_admitted", tlsMode === "disable" ? "tlsMode" : "username")
        : new CheckFailure("not_permitted", "username");
    case "3D000":
      return new CheckFailure("database_not_found", "database", undefined, "permission");
    case "42501":
      return new CheckFailure("not_permitted", "database", undefined, "permission");
    case "42704":
    case "22023":
      return new CheckFailure("password_not_accepted", "password", undefined, "permission");
    case "53300":
      return new CheckFailure("too_many_connections");
    case "57P01":
    case "57P02":
    case "57P03":
      return new CheckFailure("server_not_ready");
    default:
      return state.startsWith("08") ? new CheckFailure("wrong_protocol", "port") : null;
  }
}
