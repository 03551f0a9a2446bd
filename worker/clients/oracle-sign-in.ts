import type { Connection } from "oracledb";
import type { TlsMode } from "@/lib/connectors/destination";
import { CheckFailure, errorProperty } from "@/worker/check";
import { replaceInternals } from "@/worker/clients/oracle-transport";

/** What a sign-in needs of a connection. */
export type OracleLogin = {
  server: string;
  port: string;
  username: string;
  password: string;
  database: string;
  tlsMode: TlsMode;
  caCertificate?: string | Uint8Array | undefined;
};

export const loadOracle = () =>
  Promise.all([
    import("oracledb"),
    import("oracledb/lib/thin/sqlnet/ntTcp.js"),
    // The larger part of the driver, which it would otherwise load at the first connection.
    import("oracledb/lib/thin/index.js"),
  ]);

/** Signs in, in the driver's thin mode, which needs no Oracle client. */
export async function signInToOracle(login: OracleLogin): Promise<Connection> {
  const [{ default: driver }, { default: transport }] = await loadOracle();
  replaceInternals(transport.prototype, login);
  const signIn = (by: NameKind) =>
    driver.getConnection({
      user: login.username,
      password: login.password,
      connectString: descriptorOf(login, by),
      ...anonymousClient,
    });
  // The listener does not know a service of this name, so try it as a SID. No sign-in was attempted yet.
  return signIn("SERVICE_NAME").catch((error: unknown) => {
    if (errorProperty(error, "code") !== unknownService) throw error;
    return signIn("SID");
  });
}

const unknownService = "NJS-518";

/** Otherwise the driver sends the server this machine's name and automate's user. */
const anonymousClient = {
  driverName: "selvage",
  program: "selvage",
  machine: "selvage",
  osUser: "selvage",
  terminal: "selvage",
};

type NameKind = "SERVICE_NAME" | "SID";

/**
 * Returns the connect descriptor.
 *
 * It names no host, because the driver would look the name up itself, which the egress guard blocks. The
 * transport knows the host, and listeners ignore this field.
 */
export function descriptorOf(
  { port, database, tlsMode }: Pick<OracleLogin, "port" | "database" | "tlsMode">,
  by: NameKind,
): string {
  if (!/^\d+$/.test(port) || !/^[\w.$#-]+$/.test(database)) throw new CheckFailure("misconfigured");
  const protocol = tlsMode === "disable" ? "tcp" : "tcps";
  const address = `(ADDRESS=(PROTOCOL=${protocol})(HOST=0.0.0.0)(PORT=${port}))`;
  return `(DESCRIPTION=(CONNECT_TIMEOUT=60)${address}(CONNECT_DATA=(${by}=${database})))`;
}
