import type { AuthPlugin, authPlugins, Connection, ConnectionOptions, RowDataPacket } from "mysql2";
import type { TlsMode } from "@/lib/connectors/destination";
import { type CheckContext, CheckFailure } from "@/worker/check";
import { verification } from "@/worker/clients/certificates";
import type { DatabaseLogin } from "@/worker/clients/database-login";

export const loadMysql = () => import("mysql2");

/** Signs in to a server with MySQL's protocol, runs a query and disconnects. */
export async function queryMysql<T>(
  { server, port, database, username, password, tlsMode, caCertificate }: DatabaseLogin,
  { begin }: CheckContext,
  query: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { default: driver } = await loadMysql();
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
  const answer = await query(connection);
  connection.destroy();
  return answer;
}

/** Runs one statement. `values` are escaped into it. */
export function run<Row extends RowDataPacket = RowDataPacket>(
  connection: Connection,
  statement: string,
  values: readonly string[] = [],
): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    connection.query<Row[]>(statement, [...values], (error, rows) =>
      error === null ? resolve(rows) : reject(error),
    );
  });
}

/** The driver compares the certificate's name only with `verifyIdentity`. */
function security(
  mode: TlsMode,
  caCertificate: string | Uint8Array | undefined,
): Pick<ConnectionOptions, "ssl"> {
  if (mode === "disable") return {};
  return { ssl: { ...verification(mode, caCertificate), verifyIdentity: mode === "verify-full" } };
}

/** The text of the error that ends a sign-in without TLS at which the server sends its own key. */
export const untrustedKey = "SELVAGE_UNTRUSTED_KEY";

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

/** The number of a refused sign-in. */
export const accessDenied = 1045;
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

/** The number of a server's error; 0 for any other. */
export function numberOf(error: unknown): number {
  const number: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "errno") : undefined;
  return typeof number === "number" ? number : 0;
}
