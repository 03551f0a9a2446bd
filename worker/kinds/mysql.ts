import type { CheckFacts } from "@/lib/connectors/check-protocol";
import { mysql } from "@/lib/connectors/kinds/mysql";
import { CheckFailure, defineCheck, errorProperty, standIn } from "@/worker/check";
import { accessDenied, loadMysql, numberOf, queryMysql, run, untrustedKey } from "@/worker/clients/mysql";
import { networkFault } from "@/worker/egress/socket-faults";

/** Signs in to the database and reads the server's version, which requires no further right. */
export const checkMysql = defineCheck(mysql, {
  standIns: { password: standIn },
  preload: loadMysql,

  run(properties, context) {
    return queryMysql(properties, context, async (connection) => {
      const [row] = await run(connection, "SELECT VERSION() AS version");
      return versionFact(row?.version);
    });
  },

  explain(error, { tlsMode }) {
    const finding = byNumber(numberOf(error), tlsMode);
    if (finding !== null) return finding;
    switch (errorProperty(error, "code")) {
      case "HANDSHAKE_NO_SSL_SUPPORT":
        return new CheckFailure("tls_not_offered", "tlsMode", undefined, "tls");
      case "AUTH_SWITCH_PLUGIN_ERROR":
        // The driver keeps only the text of the error that `refuseServerKeys` throws.
        return errorProperty(error, "message").includes(untrustedKey)
          ? new CheckFailure("not_admitted", "tlsMode")
          : new CheckFailure("method_not_supported", "username");
      case "PROTOCOL_CONNECTION_LOST":
        return new CheckFailure("connection_closed", "port");
      default: {
        const fault = networkFault(error);
        // An error of neither MySQL nor the network is an answer that the driver could not parse.
        return fault === null ? new CheckFailure("wrong_protocol", "port") : new CheckFailure(fault, "port");
      }
    }
  },
});

/** "Server Error Message Reference" of MySQL 8.4 and "MariaDB Error Codes". Numbers above 4000 are MariaDB's. */
function byNumber(number: number, tlsMode: string): CheckFailure | null {
  switch (number) {
    case accessDenied:
      return new CheckFailure("rejected_credentials", "password", undefined, "sign_in");
    case 1251:
    case 1524:
    case 1698:
      return new CheckFailure("sign_in_not_offered", "username", undefined, "sign_in");
    case 3118:
    case 4151:
      return new CheckFailure("account_locked", "username", undefined, "sign_in");
    case 1820:
    case 1862:
      return new CheckFailure("password_change_required", "password", undefined, "sign_in");
    case 1129:
    case 1130:
      return new CheckFailure("not_admitted", "username", undefined, "sign_in");
    case 3159:
      return new CheckFailure(
        "not_admitted",
        tlsMode === "disable" ? "tlsMode" : "username",
        undefined,
        "sign_in",
      );
    case 1049:
      return new CheckFailure("database_not_found", "database", undefined, "permission");
    case 1044:
    case 1142:
    case 1227:
      return new CheckFailure("not_permitted", "database", undefined, "permission");
    case 1133:
    case 1372:
    case 1396:
    case 1819:
      return new CheckFailure("password_not_accepted", "password", undefined, "permission");
    case 1040:
    case 1203:
    case 1226:
      return new CheckFailure("too_many_connections");
    case 1053:
    case 3032:
      return new CheckFailure("server_not_ready");
    default:
      return null;
  }
}

/** "8.4.3" or "10.11.6-MariaDB". */
function versionFact(version: unknown): CheckFacts {
  const release = /^\d{1,4}(\.\d{1,4}){1,2}/.exec(String(version))?.[0];
  return release === undefined ? {} : { serverVersion: release };
}
