import type { AuthPlugin, authPlugins, Connection, ConnectionOptions, RowDataPacket } from "mysql2";
import type { CheckFacts } from "@/lib/connectors/check-protocol";
import type { TlsMode } from "@/lib/connectors/destination";
import { mysql } from "@/lib/connectors/kinds/mysql";
import { CheckFailure, defineCheck, errorProperty, standIn } from "@/worker/check";
import { verification } from "@/worker/clients/certificates";
import { networkFault } from "@/worker/egress/socket-faults";

const load = () => import("mysql2");

/** Signs in to the database and reads the server's version, which requires no further right. */
export const checkMysql = defineCheck(mysql, {
  standIns: { password: standIn },
  preload: load,

  async run({ server, port, database, username, password, tlsMode, caCertificate }, { begin }) {
    const { default: driver } = await load();
    const connection = driver.createConnection({
      host: server,
      port: Number(port),
      user: username,
      password,
      database,
      ...security(tlsMode, caCertificate),
      // A hostile server could otherwise request any file of this machine.
      flags: ["-LOCAL_FILES"],
      authPlugins: tlsMode === "disable" ? refuseServerKeys(driver.authPlugins) : {},
      connectTimeout: 0,
    });
    await signIn(connection).catch((error: unknown) => {
      if (tlsMode === "disable" && numberOf(error) === accessDenied && mayRequireEncryption(connection))
        throw new CheckFailure("encryption_may_be_required", "tlsMode", undefined, "sign_in");
      throw error;
    });
    begin("permission");
    const version = await readVersion(connection);
    connection.destroy();
    return versionFact(version);
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

/** The driver compares the certificate's name only with `verifyIdentity`. */
function security(
  mode: TlsMode,
  caCertificate: string | Uint8Array | undefined,
): Pick<ConnectionOptions, "ssl"> {
  if (mode === "disable") return {};
  return { ssl: { ...verification(mode, caCertificate), verifyIdentity: mode === "verify-full" } };
}

const untrustedKey = "SELVAGE_UNTRUSTED_KEY";

/** Without TLS, an attacker on the network could send their own public key and decrypt the password. */
function refuseServerKeys(plugins: typeof authPlugins): Record<string, AuthPlugin> {
  const onServerPublicKey = () => {
    throw new Error(untrustedKey);
  };
  return {
    caching_sha2_password: plugins.caching_sha2_password({ onServerPublicKey }),
    sha256_password: plugins.sha256_password({ onServerPublicKey }),
  };
}

function signIn(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.on("error", reject);
    connection.connect((error) => (error === null ? resolve() : reject(error)));
  });
}

const accessDenied = 1045;
/** CLIENT_SSL of "Capabilities Flags" in the MySQL Internals. */
const offersTls = 0x800;

/**
 * True for a MariaDB that offers encryption. With `require_secure_transport`, it answers an unencrypted
 * sign-in as it answers a wrong password; MySQL has a number of its own (3159). A second sign-in to find out
 * could lock the account.
 */
function mayRequireEncryption(connection: Connection): boolean {
  const flags: unknown = Reflect.get(connection, "serverCapabilityFlags");
  return (
    Reflect.get(connection, "_isMariaDB") === true && typeof flags === "number" && (flags & offersTls) !== 0
  );
}

function readVersion(connection: Connection): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query<RowDataPacket[]>("SELECT VERSION() AS version", (error, rows) =>
      error === null ? resolve(rows[0]?.version) : reject(error),
    );
  });
}

function numberOf(error: unknown): number {
  const number: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "errno") : undefined;
  return typeof number === "number" ? number : 0;
}

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
      return new CheckFailure("not_permitted", "database", undefined, "permission");
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
