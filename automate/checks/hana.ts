import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Connection } from "hdb";
import { verification } from "@/automate/checks/certificates";
import { CheckFailure, defineCheck, errorProperty } from "@/automate/checks/define";
import { networkFault } from "@/automate/checks/socket-faults";
import { hana } from "@/lib/connectors/hana";

const load = () => import("hdb");

/** Signs in and asks for a constant. */
export const checkHana = defineCheck(hana, {
  preload: load,

  async run(properties, { begin }) {
    const { authType, host, port, username, password } = properties;
    if (authType === "userkey")
      throw new CheckFailure("sign_in_not_offered", "authType", undefined, "sign_in");
    if (host === undefined || port === undefined || username === undefined || password === undefined)
      throw new CheckFailure("misconfigured");
    const driver = (await load()).default;
    const connection = driver.createClient({})._connection;
    connection.on("error", () => {});
    try {
      await open(connection, properties, host, port);
      withoutLdap(connection);
      // A server may name another host to go to: it is none of this connection's destinations.
      const login = { user: username, password, disableCloudRedirect: true };
      await settled((done) => connection.connect(login, done));
      begin("permission");
      await settled((done) => connection.executeDirect({ command: "SELECT 1 FROM DUMMY" }, done));
      return {};
    } finally {
      connection.destroy();
    }
  },

  explain(error) {
    const code = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
    // A number is the server's own; one that is not known says nothing.
    if (typeof code === "number") return byNumber(code);
    const fault = networkFault(error);
    if (fault !== null) return new CheckFailure(fault, "port");
    if (errorProperty(error, "code") === "EHDBCLOSE") return new CheckFailure("connection_closed", "port");
    return error instanceof Error ? new CheckFailure("wrong_protocol", "port") : null;
  },
});

type Properties = Parameters<typeof checkHana.run>[0];

function settled(start: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

/** Dialled here: the driver loses the errors of its socket, and waits on one that was closed. */
function open(connection: Connection, properties: Properties, host: string, port: string): Promise<void> {
  return settled((done) => {
    connection._connectFn = (_options, ready) => {
      const socket = dial(properties, host, Number(port), () => ready(null, socket));
      socket.once("error", done);
      socket.once("close", () => done(Object.assign(new Error(), { code: "EHDBCLOSE" })));
    };
    connection.open({ host, port: Number(port), initializationTimeout: 60_000 }, done);
  });
}

function dial({ tlsMode, caCertificate }: Properties, host: string, port: number, ready: () => void): Socket {
  if (tlsMode === "disable") return net.connect({ host, port }, ready);
  return tls.connect({ host, port, ...verification(tlsMode, caCertificate) }, ready);
}

/** By LDAP the driver sends the password itself, under a key that the server hands out. */
function withoutLdap(connection: Connection): void {
  const create = connection._createAuthenticationManager;
  connection._createAuthenticationManager = (options) => {
    const manager = create(options);
    manager._authMethods = manager._authMethods.filter(({ name }) => name !== "LDAP");
    return manager;
  };
}

/** "SQL Error Codes" of the SAP HANA SQL reference (help.sap.com). */
function byNumber(number: number): CheckFailure | null {
  switch (number) {
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
