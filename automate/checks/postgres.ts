import { verification } from "@/automate/checks/certificates";
import { CheckFailure, defineCheck, errorProperty } from "@/automate/checks/define";
import type { CheckFacts } from "@/lib/connectors/check-protocol";
import { postgres } from "@/lib/connectors/postgres";

/** Signs in and asks for the server's version: the cheapest statement, which needs no right but that of the session. */
export const checkPostgres = defineCheck(postgres, {
  preload: () => import("pg"),

  async run({ server, port, database, username, password, tlsMode, caCertificate }, { begin }) {
    // PostgreSQL's protocol ends strings at NUL: the rest of the password would silently not count.
    if (password.includes("\0")) throw new CheckFailure("secret_malformed", "password");
    const ssl = tlsMode === "disable" ? false : verification(tlsMode, caCertificate);
    const { Client } = (await import("pg")).default;
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
    const { rows } = await client.query<{ version: string }>(
      "SELECT current_setting('server_version_num') AS version",
    );
    await client.end();
    return versionFact(rows[0]?.version);
  },

  explain(error, { tlsMode }) {
    const known = bySqlState(errorProperty(error, "code"), errorProperty(error, "routine"), tlsMode);
    if (known !== null) return known;
    // Two findings have no code; the words are the driver's own, and are compared, never passed on.
    const message = error instanceof Error ? error.message : "";
    if (message.startsWith("The server does not support SSL"))
      return new CheckFailure("tls_not_offered", "tlsMode");
    if (message.startsWith("There was an error establishing an SSL"))
      return new CheckFailure("wrong_protocol", "port");
    if (message.startsWith("Connection terminated")) return new CheckFailure("connection_closed");
    return null;
  },
});

function bySqlState(state: string, routine: string, tlsMode: string): CheckFailure | null {
  switch (state) {
    case "28P01":
      return new CheckFailure("rejected_credentials", "password");
    case "28000":
      // Raised by pg_hba.conf before any password was asked for, otherwise by the role itself.
      return routine === "ClientAuthentication"
        ? new CheckFailure("not_admitted", tlsMode === "disable" ? "tlsMode" : "username")
        : new CheckFailure("not_permitted", "username");
    case "3D000":
      return new CheckFailure("database_not_found", "database", undefined, "permission");
    case "42501":
      return new CheckFailure("not_permitted", "database", undefined, "permission");
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

/** 180004 is 18.4; before 10 it had three parts. */
function versionFact(version = ""): CheckFacts {
  const number = Number(version);
  return Number.isInteger(number) && number >= 100_000
    ? { serverVersion: `${Math.floor(number / 10_000)}.${number % 10_000}` }
    : {};
}
