import net, { type Socket } from "node:net";
import type { Connection, ConnectionConfiguration } from "tedious";
import type { TlsMode } from "@/lib/connectors/destination";
import { type CheckContext, CheckFailure, errorProperty } from "@/worker/check";
import { verification } from "@/worker/clients/certificates";
import { networkFault } from "@/worker/egress/socket-faults";

export type SqlServerLogin = {
  server: string;
  port: string;
  username: string;
  password: string;
  database?: string;
  tlsMode: TlsMode;
  caCertificate?: string | Uint8Array | undefined;
};

export const loadSqlServer = () => import("tedious");

/** An error with the message numbers of SQL Server, which the driver's own error lacks. */
class ServerMessages extends Error {
  readonly numbers: readonly number[];
  readonly tlsMode: TlsMode;
  constructor(cause: Error, numbers: readonly number[], tlsMode: TlsMode) {
    super("The server refused.", { cause });
    this.numbers = numbers;
    this.tlsMode = tlsMode;
  }
}

/** Signs in to a server over TDS and selects a constant. */
export function querySqlServer(login: SqlServerLogin, context: CheckContext): Promise<void> {
  return withConnection(login, context, (connection, driver) =>
    ended((done) => connection.execSql(new driver.Request("SELECT 1", done))),
  );
}

/** Signs in to a server over TDS and runs statements, each as a batch without parameters. */
export function runSqlServer(
  login: SqlServerLogin,
  context: CheckContext,
  work: (run: (statement: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  return withConnection(login, context, (connection, driver) =>
    work((statement) => ended((done) => connection.execSqlBatch(new driver.Request(statement, done)))),
  );
}

type Driver = Awaited<ReturnType<typeof loadSqlServer>>["default"];

function ended(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())));
}

async function withConnection(
  login: SqlServerLogin,
  { begin }: CheckContext,
  work: (connection: Connection, driver: Driver) => Promise<void>,
): Promise<void> {
  const driver = (await loadSqlServer()).default;
  const numbers: number[] = [];
  const connection = new driver.Connection(configurationOf(login));
  connection.on("errorMessage", ({ number }) => numbers.push(number));
  connection.on("error", () => {});
  try {
    await signIn(connection);
    begin("permission");
    await work(connection, driver);
  } catch (error) {
    throw error instanceof Error ? new ServerMessages(error, numbers, login.tlsMode) : error;
  } finally {
    connection.close();
  }
}

function configurationOf({
  server,
  port,
  username,
  password,
  database,
  tlsMode,
  caCertificate,
}: SqlServerLogin) {
  const { ca, rejectUnauthorized, minVersion } = verification(tlsMode, caCertificate);
  return {
    server,
    authentication: { type: "default", options: { userName: username, password } },
    options: {
      ...(database !== undefined && { database }),
      encrypt: tlsMode !== "disable",
      trustServerCertificate: !rejectUnauthorized,
      cryptoCredentialsDetails: { ca, minVersion },
      // Opens the socket here: the driver would look the name up itself, which the egress guard blocks.
      connector: dialOnce(server, Number(port)),
      connectTimeout: 60_000,
      requestTimeout: 60_000,
      maxRetriesOnTransientErrors: 0,
      appName: "selvage check",
    },
  } satisfies ConnectionConfiguration;
}

/**
 * Opens one socket. The driver requests a second one when the server routes it to another server, which is no
 * destination of this connection. Otherwise a hostile server could receive the password thousands of times.
 */
function dialOnce(host: string, port: number): () => Promise<Socket> {
  let isDialled = false;
  return async () => {
    if (isDialled) throw new CheckFailure("redirected", "server", undefined, "sign_in");
    isDialled = true;
    return dial(host, port);
  };
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port }, () => resolve(socket));
    socket.once("error", reject);
  });
}

function signIn(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
}

/** Maps a driver's error to a finding, by the first known number from the server; null when it is unknown. */
export function explainSqlServer(error: unknown): CheckFailure | null {
  if (!(error instanceof ServerMessages)) return null;
  for (const number of error.numbers) {
    const finding = failureOfNumber(number);
    if (finding !== null) return finding;
  }
  const causes = causesOf(error);
  const finding = causes.find((cause) => cause instanceof CheckFailure);
  if (finding) return finding;
  const has = (code: string) => causes.some((one) => errorProperty(one, "code") === code);
  // The driver's code when one side requires encryption and the other does not support it.
  if (has("EENCRYPT")) {
    if (error.tlsMode === "disable") return new CheckFailure("not_admitted", "tlsMode");
    return new CheckFailure("tls_not_offered", "tlsMode", undefined, "tls");
  }
  if (has("ELOGIN")) return new CheckFailure("rejected_credentials", "password");
  for (const cause of causes) {
    const fault = networkFault(cause);
    if (fault !== null) return new CheckFailure(fault, "port");
  }
  const isClosed = causes.some((one) =>
    /closed|hang up|lost|destroyed|after end/i.test(errorProperty(one, "message")),
  );
  return new CheckFailure(isClosed ? "connection_closed" : "wrong_protocol", "port");
}

function causesOf(error: unknown): unknown[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

/** "Database engine events and errors" (learn.microsoft.com/sql/relational-databases/errors-events). */
function failureOfNumber(number: number): CheckFailure | null {
  switch (number) {
    case 18456:
    case 18452:
      return new CheckFailure("rejected_credentials", "password", undefined, "sign_in");
    case 18486:
    case 18470:
      return new CheckFailure("account_locked", "username", undefined, "sign_in");
    case 18487:
    case 18488:
      return new CheckFailure("password_change_required", "password", undefined, "sign_in");
    case 40615:
    case 40914:
    case 47073:
    case 18461:
      return new CheckFailure("not_admitted", "server", undefined, "sign_in");
    case 4060:
    case 40532:
      return new CheckFailure("database_not_found", "database", undefined, "permission");
    case 916:
      return new CheckFailure("not_permitted", "database", undefined, "permission");
    case 15151:
    case 229:
    case 297:
    case 300:
      return new CheckFailure("not_permitted", "username", undefined, "permission");
    case 15114:
    case 15115:
    case 15116:
    case 15117:
    case 15118:
    case 15119:
      return new CheckFailure("password_not_accepted", "password", undefined, "permission");
    case 10928:
    case 10929:
    case 17809:
      return new CheckFailure("too_many_connections");
    case 40613:
    case 40197:
    case 40501:
    case 42108:
    case 42109:
    case 17142:
    case 18451:
      return new CheckFailure("server_not_ready");
    default:
      return null;
  }
}
