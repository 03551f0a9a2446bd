import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from "node:crypto";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Certificate } from "@/e2e/fakes/certificates";
import { type Listening, listen } from "@/e2e/fakes/listening";

export type OracleServerOptions = {
  username: string;
  password: string;
  /** What it is called as a service; `sid` names it as an instance. */
  service?: string;
  sid?: string;
  certificate?: Certificate;
  /** The number of the error that ends every connection at the listener. */
  refuse?: number;
  /** The number of the error that ends every sign-in after the right password. */
  refuseSignIn?: number;
  /** The number of the error that every statement gets. */
  refuseStatement?: number;
  /** Where the listener sends everybody on to. */
  redirectTo?: { host: string; port: number };
};
export type OracleServer = Listening & { signIns: string[] };

const packet = { connect: 1, accept: 2, refuse: 4, redirect: 5, data: 6 };
const message = {
  protocol: 1,
  dataTypes: 2,
  call: 3,
  error: 4,
  rowHeader: 6,
  row: 7,
  parameters: 8,
  status: 9,
  describe: 16,
};
const call = { logoff: 9, rollback: 15, execute: 94, authPhaseTwo: 115, authPhaseOne: 118 };
const verifier12c = 0x4815;

/**
 * A server that speaks as much of Oracle Net and of the calls above it as a sign-in with a 12c verifier, which it checks,
 * and one constant need. Oracle documents the errors ("Database Error Messages") and not the bytes; those follow what the
 * vendor's open thin drivers (node-oracledb, python-oracledb) write and read, as a database of version 12.2 answers them.
 */
export async function startOracleServer(options: OracleServerOptions): Promise<OracleServer> {
  const signIns: string[] = [];
  const serve = (socket: Socket) => converse(socket, options, signIns);
  const server = options.certificate
    ? tls.createServer(options.certificate, serve).on("tlsClientError", () => {})
    : net.createServer(serve);
  return { ...(await listen(server)), signIns };
}

function converse(socket: Socket, options: OracleServerOptions, signIns: string[]): void {
  let isAccepted = false;
  let waiting = Buffer.alloc(0);
  const answer = session(options, signIns);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (;;) {
      if (waiting.length < 8) return;
      const length = isAccepted ? waiting.readUInt32BE(0) : waiting.readUInt16BE(0);
      // Nothing of this protocol is so short, or so long.
      if (length < 8 || length > 65_535) return void socket.destroy();
      if (waiting.length < length) return;
      const whole = waiting.subarray(0, length);
      waiting = waiting.subarray(length);
      if (!isAccepted) {
        isAccepted = atListener(socket, whole, options);
        continue;
      }
      const payload = whole.subarray(10);
      // The driver says goodbye with an empty packet.
      if (payload.length === 0) return void socket.end();
      for (const part of answer(payload)) socket.write(dataPacket(part));
    }
  });
}

/** True once the connection is accepted. */
function atListener(socket: Socket, whole: Buffer, options: OracleServerOptions): boolean {
  if (whole[4] !== packet.connect && whole[4] !== packet.data) {
    socket.destroy();
    return false;
  }
  // What does not fit into the packet that connects follows in one of data.
  const isWhole = whole[4] === packet.data || whole.readUInt16BE(24) + whole.readUInt16BE(26) <= whole.length;
  if (!isWhole) return false;
  const asked = whole.toString("ascii");
  const { refuse, redirectTo, service, sid } = options;
  if (redirectTo) {
    const { host, port } = redirectTo;
    socket.write(redirection(`(ADDRESS=(PROTOCOL=tcp)(HOST=${host})(PORT=${port}))`));
    return false;
  }
  const wantedService = /\(SERVICE_NAME=([^)]*)\)/i.exec(asked)?.[1];
  const wantedSid = /\(SID=([^)]*)\)/i.exec(asked)?.[1];
  const number =
    refuse ??
    (wantedService !== undefined && wantedService !== service ? 12514 : undefined) ??
    (wantedSid !== undefined && wantedSid !== sid ? 12505 : undefined);
  if (number !== undefined) {
    const reason = `(DESCRIPTION=(TMP=You sent ${asked.slice(-20).replace(/[^A-Za-z0-9]/g, "")})(VSNNUM=318767104)(ERR=${number})(ERROR_STACK=(ERROR=(CODE=${number})(EMFI=4))))`;
    socket.end(refusal(reason));
    return false;
  }
  socket.write(acceptance());
  return true;
}

function header(type: number, length: number): Buffer {
  const head = Buffer.alloc(length);
  head.writeUInt16BE(length, 0);
  head.writeUInt8(type, 4);
  return head;
}

function acceptance(): Buffer {
  const accept = header(packet.accept, 45);
  accept.writeUInt16BE(317, 8);
  accept.writeUInt16BE(8192, 12);
  accept.writeUInt16BE(65_535, 14);
  accept.writeUInt16BE(0x0100, 16);
  accept.writeUInt16BE(45, 20);
  // No native network services, such as its own encryption.
  accept.writeUInt8(0x04, 22);
  accept.writeUInt8(0x08, 23);
  accept.writeUInt32BE(8192, 32);
  accept.writeUInt32BE(2_097_152, 36);
  return accept;
}

function refusal(reason: string): Buffer {
  const refused = Buffer.concat([header(packet.refuse, 12), Buffer.from(reason, "ascii")]);
  refused.writeUInt16BE(refused.length, 0);
  refused.writeUInt16BE(reason.length, 10);
  return refused;
}

function redirection(address: string): Buffer {
  const redirected = Buffer.concat([header(packet.redirect, 10), Buffer.from(address, "ascii")]);
  redirected.writeUInt16BE(redirected.length, 0);
  redirected.writeUInt16BE(address.length, 8);
  return redirected;
}

function dataPacket(payload: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(10 + payload.length, 0);
  head.writeUInt8(packet.data, 4);
  return Buffer.concat([head, payload]);
}

/** What the server says to each message; nothing to one that needs no answer. */
function session(options: OracleServerOptions, signIns: string[]): (payload: Buffer) => Buffer[] {
  const exchange = startExchange(options);
  return (payload) => {
    const type = payload[0];
    if (type === message.protocol) return [protocolAnswer()];
    if (type === message.dataTypes) return [Buffer.from([message.dataTypes, 0, 0])];
    const wanted = payload[1];
    if (wanted === call.authPhaseOne) return [exchange.challenge];
    if (wanted === call.authPhaseTwo) {
      signIns.push(options.username);
      const proof = exchange.prove(payload);
      if (proof === null) return [failed(1017, options)];
      return [options.refuseSignIn === undefined ? proof : failed(options.refuseSignIn, options)];
    }
    if (wanted === call.execute)
      return [options.refuseStatement === undefined ? constant() : failed(options.refuseStatement, options)];
    return [Buffer.from([message.status, 0, 0])];
  };
}

function protocolAnswer(): Buffer {
  // The ninth capability says 12.2; what is not said is not there.
  const compileCaps = Buffer.alloc(53);
  compileCaps.writeUInt8(8, 7);
  const runtimeCaps = Buffer.alloc(7);
  // The national character set stands behind two lists that are empty.
  const fdo = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xd0]);
  return Buffer.concat([
    Buffer.from([message.protocol, 6, 0]),
    Buffer.from("x86_64/Linux 2.4.xx\0", "ascii"),
    // UTF-8 is number 873.
    Buffer.from([0x69, 0x03, 1, 0, 0, 0, fdo.length]),
    fdo,
    withLength(compileCaps),
    withLength(runtimeCaps),
  ]);
}

/** O5LOGON with a 12c verifier (PBKDF2 with SHA-512, AES-256). */
function startExchange({ username, password }: OracleServerOptions) {
  const verifier = randomBytes(16);
  const mixingSalt = randomBytes(16);
  const ownKey = randomBytes(32);
  const speedy = Buffer.concat([verifier, Buffer.from("AUTH_PBKDF2_SPEEDY_KEY")]);
  const key = pbkdf2Sync(password, speedy, 4096, 64, "sha512");
  const hash = createHash("sha512").update(key).update(verifier).digest().subarray(0, 32);
  const challenge = parameters({
    AUTH_SESSKEY: [hex(encrypt(hash, ownKey))],
    AUTH_VFR_DATA: [hex(verifier), verifier12c],
    AUTH_PBKDF2_CSK_SALT: [hex(mixingSalt)],
    AUTH_PBKDF2_VGEN_COUNT: ["4096"],
    AUTH_PBKDF2_SDER_COUNT: ["3"],
  });
  return {
    challenge,
    /** The answer to the right password, or null. */
    prove(payload: Buffer): Buffer | null {
      const said = payload.toString("latin1");
      const sent = (name: string) => new RegExp(`${name}[^0-9A-F]+?([0-9A-F]{64,})`).exec(said)?.[1] ?? "";
      if (!said.includes(username)) return null;
      const theirKey = decrypt(hash, Buffer.from(sent("AUTH_SESSKEY"), "hex"));
      const both = hex(Buffer.concat([theirKey, ownKey]));
      const combined = pbkdf2Sync(both, mixingSalt, 3, 32, "sha512");
      const opened = decrypt(combined, Buffer.from(sent("AUTH_PASSWORD"), "hex"));
      const padding = opened.at(-1) ?? 0;
      if (!opened.subarray(16, opened.length - padding).equals(Buffer.from(password))) return null;
      const proof = Buffer.concat([randomBytes(16), Buffer.from("SERVER_TO_CLIENT")]);
      return parameters({
        AUTH_SVR_RESPONSE: [hex(encrypt(combined, proof))],
        AUTH_VERSION_NO: ["203424000"],
      });
    },
  };
}

function encrypt(key: Buffer, value: Buffer): Buffer {
  const cipher = createCipheriv("aes-256-cbc", key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(value), cipher.final()]);
}

/** Empty for what no key of this length can have made. */
function decrypt(key: Buffer, value: Buffer): Buffer {
  if (value.length === 0 || value.length % 16 !== 0) return Buffer.alloc(0);
  const decipher = createDecipheriv("aes-256-cbc", key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([decipher.update(value), decipher.final()]);
}

function hex(bytes: Buffer): string {
  return bytes.toString("hex").toUpperCase();
}

/** A number as it travels: how many bytes, then those. */
function number(value: number): Buffer {
  if (value === 0) return Buffer.from([0]);
  const bytes = Buffer.from(
    value.toString(16).padStart(2 * Math.ceil(value.toString(16).length / 2), "0"),
    "hex",
  );
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function text(value: string): Buffer {
  return withLength(Buffer.from(value));
}

function parameters(pairs: Record<string, [value: string, flag?: number]>): Buffer {
  const entries = Object.entries(pairs).map(([name, [value, flag = 0]]) =>
    Buffer.concat([number(name.length), text(name), number(value.length), text(value), number(flag)]),
  );
  const done = Buffer.from([message.status, 0, 0]);
  return Buffer.concat([Buffer.from([message.parameters]), number(entries.length), ...entries, done]);
}

/** The one row of SELECT 1 FROM DUAL, and that there is no other. */
function constant(): Buffer {
  const numberType = 2;
  const column = [
    Buffer.from([numberType, 0, 0, 0]),
    number(22),
    ...Array(5).fill(number(0)),
    Buffer.from([0]),
    number(22),
    number(0),
    Buffer.from([1, 1]),
    number(1),
    text("1"),
    ...Array(4).fill(number(0)),
  ];
  return Buffer.concat([
    Buffer.from([message.describe, 0]),
    number(22),
    number(1),
    Buffer.from([0]),
    ...column,
    ...Array(6).fill(number(0)),
    Buffer.from([message.rowHeader, 0]),
    ...Array(6).fill(number(0)),
    // 1, in Oracle's own form of numbers.
    Buffer.from([message.row, 2, 0xc1, 0x02]),
    ending(1403, "ORA-01403: no data found\n"),
  ]);
}

function failed(error: number, { password }: OracleServerOptions): Buffer {
  return ending(error, `ORA-${String(error).padStart(5, "0")}: You sent ${password}\n`);
}

/** How a call ended: mostly places for what does not apply here. */
function ending(error: number, words: string): Buffer {
  return Buffer.concat([
    Buffer.from([message.error]),
    ...Array(8).fill(number(0)),
    Buffer.alloc(6),
    // The row id: four numbers, one of them a byte.
    number(0),
    number(0),
    Buffer.alloc(1),
    number(0),
    number(0),
    number(0),
    Buffer.alloc(2),
    ...Array(6).fill(number(0)),
    number(error),
    number(0),
    text(words),
  ]);
}
