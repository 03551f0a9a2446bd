import { createHash } from "node:crypto";
import net from "node:net";
import mysql, { type Connection } from "mysql2";
import { type Listening, listen } from "@/testing/servers/listening";

export type MysqlServerOptions = {
  username: string;
  password: string;
  databases: readonly string[];
  /** The error that every sign-in ends with, whatever the password. */
  refuseWith?: number;
  /** The version that the server names, if it offers encryption. No TLS follows: only clients without it connect. */
  offersTlsAs?: string;
};

/**
 * A server built on mysql2's own server class, which really verifies the password by mysql_native_password.
 * Each error repeats the user.
 */
export async function startMysqlServer(options: MysqlServerOptions): Promise<Listening> {
  // The class hides its socket server, so hand over each connection separately.
  const handler = mysql.createServer((connection) => serve(connection, options));
  const accept: unknown = Reflect.get(handler, "_handleConnection");
  if (typeof accept !== "function") throw new Error("mysql2's server class has changed.");
  return listen(net.createServer((socket) => accept.call(handler, socket)));
}

function serve(connection: Connection, options: MysqlServerOptions): void {
  connection.on("error", () => {});
  const authCallback = (login: Login, done: (error: null, refusal?: Refusal) => void) => {
    done(null, judge(login, options));
  };
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: options.offersTlsAs ?? "8.4.3",
    connectionId: 1,
    statusFlags: 2,
    characterSet: 45,
    // Long password, found rows, connect with database, protocol 4.1, secure connection, plugin auth.
    capabilityFlags: 0x1 | 0x2 | 0x8 | 0x200 | 0x8000 | 0x80000 | (options.offersTlsAs ? 0x800 : 0),
    authCallback,
  });
  connection.on("query", (sql: string) => {
    if (sql !== "SELECT VERSION() AS version") {
      connection.writeError({ code: 1142, message: `You sent ${sql}` });
      return;
    }
    connection.writeTextResult([{ version: "8.4.3" }], [textColumn("version")]);
  });
}

type Login = {
  user: string;
  database: string;
  authPluginData1: Buffer;
  authPluginData2: Buffer;
  authToken: Buffer;
};
type Refusal = { code: number; message: string };

function judge(login: Login, { username, password, databases, refuseWith }: MysqlServerOptions) {
  const refuse = (code: number): Refusal => ({
    code,
    message: `You sent ${login.user} ${login.authToken.toString("hex")}`,
  });
  if (refuseWith !== undefined) return refuse(refuseWith);
  const challenge = Buffer.concat([login.authPluginData1, login.authPluginData2.subarray(0, 12)]);
  if (login.user !== username || !scramble(password, challenge).equals(login.authToken)) return refuse(1045);
  return databases.includes(login.database) ? undefined : refuse(1049);
}

/** "Native Authentication" in the MySQL Internals: SHA1(password) XOR SHA1(challenge + SHA1(SHA1(password))). */
function scramble(password: string, challenge: Buffer): Buffer {
  const once = sha1(Buffer.from(password));
  const mask = sha1(Buffer.concat([challenge, sha1(once)]));
  return Buffer.from(once.map((byte, index) => byte ^ (mask[index] ?? 0)));
}

function sha1(data: Buffer): Buffer {
  return createHash("sha1").update(data).digest();
}

function textColumn(name: string) {
  return {
    catalog: "def",
    schema: "",
    name,
    orgName: name,
    table: "",
    orgTable: "",
    characterSet: 45,
    columnLength: 64,
    columnType: 253,
    flags: 0,
    decimals: 0,
  };
}
