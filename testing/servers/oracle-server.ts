import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Certificate } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";
import { createVerifier } from "@/testing/servers/oracle-verifier";
import { failure, oneRow, parameters, readSignIn, sized, status } from "@/testing/servers/ttc";

export type OracleServerOptions = {
  username: string;
  password: string;
  /** The name that the listener accepts, as "SERVICE_NAME=…" or "SID=…". */
  name: string;
  certificate?: Certificate;
  /** The error number with which the listener refuses; null for a refusal without a number. */
  refuseConnect?: number | null;
  /** The address to which the listener redirects every client. */
  redirectTo?: string;
  /** The error number that answers a correct password; `refuseStatement` is the one for the statement. */
  refuseSignIn?: number;
  refuseStatement?: number;
  /** Receives each ALTER statement. */
  onAlter?: (statement: string) => void;
};
export type OracleServer = Listening & {
  /** The received connect descriptors, and the users that signed in. */
  descriptors: string[];
  signIns: string[];
};

const types = { connect: 1, accept: 2, refuse: 4, redirect: 5, data: 6 };
const calls = { signIn: 118, prove: 115, execute: 94, signOff: 9 };

/**
 * A listener and a server for the part of TNS and TTC that node-oracledb's thin mode needs for one sign-in
 * and one query. It verifies the sign-in by O5LOGON. It behaves as a 19c server, without its markers and
 * without Oracle's own encryption. Each error repeats the user and the password.
 */
export async function startOracleServer(options: OracleServerOptions): Promise<OracleServer> {
  const descriptors: string[] = [];
  const signIns: string[] = [];
  const serve = (socket: Socket) => converse(socket, options, { descriptors, signIns });
  const server = options.certificate
    ? tls.createServer(options.certificate, serve).on("tlsClientError", () => {})
    : net.createServer(serve);
  return { ...(await listen(server)), descriptors, signIns };
}

type Seen = Pick<OracleServer, "descriptors" | "signIns">;

function converse(socket: Socket, options: OracleServerOptions, { descriptors, signIns }: Seen): void {
  const answer = session(options, signIns);
  let waiting = Buffer.alloc(0);
  let isAccepted = false;
  let announced = 0;
  const onConnect = (descriptor: string) => {
    descriptors.push(descriptor);
    const { type, body } = listener(descriptor, options);
    socket.write(packet(type, body, false));
    isAccepted = type === types.accept;
  };
  const onPacket = (whole: Buffer) => {
    if (isAccepted) {
      const reply = whole.length > 10 ? answer(whole.subarray(10)) : null;
      if (reply !== null) socket.write(packet(types.data, Buffer.concat([Buffer.alloc(2), reply]), true));
    } else if (whole[4] === types.connect) {
      // A descriptor that is too long for the packet follows in another one.
      announced = whole.readUInt16BE(24);
      const descriptor = whole.subarray(whole.readUInt16BE(26));
      if (descriptor.length >= announced) onConnect(descriptor.toString("latin1"));
    } else if (whole.length - 10 >= announced) onConnect(whole.toString("latin1", 10));
  };
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (;;) {
      const length = waiting.length < 8 ? 8 : isAccepted ? waiting.readUInt32BE(0) : waiting.readUInt16BE(0);
      if (length < 8 || waiting.length < length) return;
      const whole = waiting.subarray(0, length);
      waiting = waiting.subarray(length);
      onPacket(whole);
    }
  });
}

/** The listener's answer: redirect, refuse, or accept with four-byte packet lengths. */
function listener(descriptor: string, { name, refuseConnect, redirectTo }: OracleServerOptions) {
  if (redirectTo !== undefined) return { type: types.redirect, body: measured(redirectTo) };
  const unknown = /\(SID=/.test(descriptor) ? 12505 : 12514;
  const number = refuseConnect === undefined && !descriptor.includes(`(${name})`) ? unknown : refuseConnect;
  if (number !== undefined) {
    const error = number === null ? "" : `(ERR=${number})`;
    const text = `(DESCRIPTION=(TMP=)(VSNNUM=318767104)${error}(TEXT=You sent ${name}))`;
    return { type: types.refuse, body: Buffer.concat([Buffer.from([34, 0]), measured(text)]) };
  }
  const body = Buffer.alloc(37);
  body.writeUInt16BE(318, 0);
  // Oracle's own encryption is off; then the packet size and its maximum.
  body.writeUInt8(4, 14);
  body.writeUInt8(8, 15);
  body.writeUInt32BE(8192, 24);
  body.writeUInt32BE(65_535, 28);
  return { type: types.accept, body };
}

function session({ username, password, ...options }: OracleServerOptions, signIns: string[]) {
  const verifier = createVerifier(password);
  const refuse = (number: number) =>
    failure(number, `ORA-${String(number).padStart(5, "0")}: You sent ${username} ${password}`);
  return (message: Buffer): Buffer | null => {
    const [kind, call] = message;
    if (kind === 1) return capabilities;
    // The database's time zone, UTC, and an empty list of types.
    if (kind === 2) return Buffer.from([2, 0x80, 0, 0, 0, 60, 60, 0x80, 0, 0, 0, 0, 0, 0]);
    if (call === calls.signIn) return parameters(verifier.challenge);
    if (call === calls.prove) {
      const { user, values } = readSignIn(message);
      signIns.push(user);
      const proof = verifier.prove(values);
      if (proof === null || user !== username) return refuse(1017);
      if (options.refuseSignIn !== undefined) return refuse(options.refuseSignIn);
      return parameters([
        ["AUTH_SVR_RESPONSE", proof],
        ["AUTH_VERSION_NO", String(0x13_00_00_00)],
      ]);
    }
    if (call === calls.execute) {
      // The text of the statement, which is followed by numbers.
      const [statement] = /ALTER USER [\x20-\x7e]*"/.exec(message.toString("latin1")) ?? [];
      if (options.refuseStatement !== undefined) return refuse(options.refuseStatement);
      if (statement === undefined) return oneRow;
      options.onAlter?.(statement);
      return failure(0, "");
    }
    return call === calls.signOff ? status : null;
  };
}

/** The protocol of 8.1, a banner, UTF-8 with AL16UTF16, and the fields of a 19c server. */
const capabilities = (() => {
  const characterSets = Buffer.alloc(11);
  characterSets.writeUInt16BE(2000, 9);
  const compileTime = Buffer.alloc(53);
  compileTime[7] = 12;
  const runTime = Buffer.from([2, 1, 0, 0, 0, 0, 4]);
  return Buffer.concat([
    Buffer.from([1, 6, 0]),
    Buffer.from("stand-in\0"),
    Buffer.from([0x69, 0x03, 0, 0, 0]),
    measured(characterSets),
    sized(compileTime),
    sized(runTime),
  ]);
})();

function measured(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function packet(type: number, body: Buffer, isLarge: boolean): Buffer {
  const head = Buffer.alloc(8);
  if (isLarge) head.writeUInt32BE(body.length + 8);
  else head.writeUInt16BE(body.length + 8);
  head.writeUInt8(type, 4);
  return Buffer.concat([head, body]);
}
