import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Connection } from "hdb";
import { hana } from "@/lib/connectors/kinds/hana";
import { type CheckContext, CheckFailure, defineCheck, standIn } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import { networkFault } from "@/worker/egress/socket-faults";

const load = () => import("hdb");

/** Signs in and selects a constant. */
export const checkHana = defineCheck(hana, {
  standIns: { password: standIn },
  preload: load,

  async run(properties, { begin }) {
    const { authType, host, port, username, password } = properties;
    if (authType === "userkey")
      throw new CheckFailure("method_not_supported", "authType", undefined, "sign_in");
    if (host === undefined || port === undefined || username === undefined || password === undefined)
      throw new CheckFailure("misconfigured");
    const driver = (await load()).default;
    const socket = await dial(properties, host, Number(port));
    const connection = driver.createClient({})._connection;
    connection.on("error", () => {});
    try {
      replaceInternals(connection, socket);
      await Promise.race([rejectWhenClosed(socket), signInAndQuery(connection, username, password, begin)]);
      return {};
    } finally {
      socket.destroy();
    }
  },

  explain(error) {
    const code: unknown =
      typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
    // The server's errors have a numeric code, those of the driver and of Node.js a text.
    if (typeof code === "number") return failureOfCode(code);
    if (code === "EHDBNOAUTHMETH") return new CheckFailure("sign_in_not_offered", "username");
    if (code === "EHDBCLOSE") return new CheckFailure("connection_closed", "port");
    const fault = networkFault(error);
    if (fault !== null) return new CheckFailure(fault, "port");
    // The driver could not parse the answer: it refused it, or read beyond its end.
    const isUnreadable = error instanceof RangeError || (typeof code === "string" && code.startsWith("EHDB"));
    return isUnreadable ? new CheckFailure("wrong_protocol", "port") : null;
  },
});

type Properties = Parameters<typeof checkHana.run>[0];

function dial({ tlsMode, caCertificate }: Properties, host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onOpen = () => resolve(socket);
    const socket =
      tlsMode === "disable"
        ? net.connect({ host, port }, onOpen)
        : // SAP HANA Cloud selects the instance by the server name in the handshake.
          tls.connect(
            { host, port, servername: nameOf(host), ...sharedVerification(tlsMode, caCertificate) },
            onOpen,
          );
    socket.once("error", reject);
  });
}

/** Returns the TLS server name, which may not be an IP address. */
function nameOf(host: string): string {
  return net.isIP(host) === 0 ? host : "";
}

/**
 * Replaces two internal functions of the driver that its documented interface does not reach.
 *
 * When the driver connects itself, it keeps waiting for an answer after the server has closed the socket.
 * When a server offers LDAP, the driver encrypts the password with a key from that server: a hostile server
 * could read it. If a driver lacks these functions, the check stops: its own connection would not use TLS.
 */
function replaceInternals(connection: Connection, socket: Socket): void {
  const { _connectFn: connect, _createAuthenticationManager: createManager } = connection;
  if (typeof connect !== "function" || typeof createManager !== "function")
    throw new Error("The driver lacks the internal functions of version 2.30.");
  connection._connectFn = (_options, done) => done(null, socket);
  connection._createAuthenticationManager = (options) => {
    const manager = createManager(options);
    manager._authMethods = manager._authMethods.filter(({ name }) => name !== "LDAP");
    return manager;
  };
}

async function signInAndQuery(
  connection: Connection,
  user: string,
  password: string,
  begin: CheckContext["begin"],
): Promise<void> {
  await promised((done) => connection.open({ initializationTimeout: 60_000 }, done));
  // A server may redirect to another host, which is not a destination of this connection.
  const login = { user, password, disableCloudRedirect: true };
  await promised((done) => connection.connect(login, done));
  begin("permission");
  await promised((done) => connection.executeDirect({ command: "SELECT 1 FROM DUMMY" }, done));
}

function promised(start: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

/** Rejects when the socket fails or closes. */
function rejectWhenClosed(socket: Socket): Promise<never> {
  return new Promise((_resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => reject(Object.assign(new Error(), { code: "EHDBCLOSE" })));
  });
}

/**
 * "SQL Error Codes" of the SAP HANA SQL reference (help.sap.com). Without detailed_error_on_connect, the
 * server also answers 10 for a locked user.
 */
function failureOfCode(code: number): CheckFailure | null {
  switch (code) {
    case 10:
      return new CheckFailure("rejected_credentials", "password", undefined, "sign_in");
    case 414:
      return new CheckFailure("password_change_required", "password", undefined, "sign_in");
    case 415:
    case 416:
      return new CheckFailure("account_locked", "username", undefined, "sign_in");
    case 258:
      return new CheckFailure("not_permitted", "username", undefined, "permission");
    default:
      return null;
  }
}
