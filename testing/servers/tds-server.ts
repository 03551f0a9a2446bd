import net, { type Socket } from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import type { Certificate } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

export type TdsServerOptions = {
  username: string;
  password: string;
  databases?: readonly string[];
  /** With a certificate, the server requires encryption. */
  certificate?: Certificate;
  /** The errors that every sign-in ends with, whatever the password. */
  refuseWith?: readonly number[];
  /** Receives the text of each batch. Returns the error that answers it, or undefined. */
  onBatch?: (statement: string) => number | undefined;
  /** Every sign-in is answered by a route to this host and port. */
  routeTo?: { host: string; port: number };
};
export type TdsServer = Listening & { logins: { user: string; isEncrypted: boolean }[] };

const type = { batch: 0x01, rpc: 0x03, response: 0x04, login: 0x10, prelogin: 0x12 };
const encryption = { notSupported: 0x02, required: 0x03 };

/**
 * A server for the part of TDS 7.4 ([MS-TDS]) that one sign-in and one query need: PRELOGIN, TLS inside
 * PRELOGIN packets, LOGIN7, LOGINACK or ERROR. It accepts batches that set options, and answers an RPC query
 * with one row. Each error repeats the user and the password.
 */
export async function startTdsServer(options: TdsServerOptions): Promise<TdsServer> {
  const logins: TdsServer["logins"] = [];
  const listening = await listen(
    net.createServer((socket) => {
      socket.on("error", () => {});
      serve(socket, options, logins);
    }),
  );
  return { ...listening, logins };
}

function serve(socket: Socket, options: TdsServerOptions, logins: TdsServer["logins"]): void {
  const answer = (stream: Duplex, body: Buffer) => stream.write(packet(type.response, body));
  const converse = (stream: Duplex, isEncrypted: boolean) =>
    eachPacket(stream, (kind, body) => {
      if (kind === type.login) {
        const login = readLogin(body);
        logins.push({ user: login.user, isEncrypted });
        answer(stream, judge(login, options));
      } else if (kind === type.batch) answer(stream, afterBatch(body, options));
      else if (kind === type.rpc) answer(stream, oneRow());
    });
  const stop = eachPacket(socket, (kind, body) => {
    if (kind !== type.prelogin) {
      const login = readLogin(body);
      logins.push({ user: login.user, isEncrypted: false });
      answer(socket, judge(login, options));
      return;
    }
    answer(socket, prelogin(options.certificate ? encryption.required : encryption.notSupported));
    stop();
    if (options.certificate === undefined) converse(socket, false);
    else secure(socket, options.certificate, (stream) => converse(stream, true));
  });
}

/** TLS whose handshake travels in PRELOGIN packets, and whose records travel unwrapped ([MS-TDS] 3.2.5.1). */
function secure(socket: Socket, certificate: Certificate, onSecure: (stream: Duplex) => void): void {
  let isDone = false;
  const flight: Buffer[] = [];
  const pipe = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      if (isDone) socket.write(chunk);
      else {
        // One flight of the handshake is one message.
        if (flight.length === 0)
          setImmediate(() => socket.write(packet(type.prelogin, Buffer.concat(flight.splice(0)))));
        flight.push(chunk);
      }
      done();
    },
  });
  const stop = eachPacket(socket, (_kind, body) => pipe.push(body));
  const channel = new tls.TLSSocket(pipe, { isServer: true, ...certificate, maxVersion: "TLSv1.2" });
  channel.on("error", () => socket.destroy());
  // Our last flight is still wrapped; the client's next data is not.
  channel.on("secure", () => {
    stop();
    socket.once("data", () => {
      isDone = true;
    });
    socket.on("data", (chunk) => pipe.push(chunk));
    onSecure(channel);
  });
}

/** Calls `handle` for each complete packet. Returns a function that stops this. */
function eachPacket(stream: Duplex, handle: (kind: number, body: Buffer) => void): () => void {
  let waiting = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 8 && waiting.length >= waiting.readUInt16BE(2)) {
      const length = waiting.readUInt16BE(2);
      const [kind = 0, body] = [waiting[0], waiting.subarray(8, length)];
      waiting = waiting.subarray(length);
      handle(kind, body);
    }
  };
  stream.on("data", onData);
  return () => stream.off("data", onData);
}

function packet(kind: number, body: Buffer): Buffer {
  const head = Buffer.from([kind, 0x01, 0, 0, 0, 0, 1, 0]);
  head.writeUInt16BE(body.length + 8, 2);
  return Buffer.concat([head, body]);
}

/** Options VERSION and ENCRYPTION with their offsets, then their data. */
function prelogin(mode: number): Buffer {
  return Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0x10, 0, 0, 0, mode]);
}

type Login = { user: string; password: string; database: string };

/** LOGIN7's offset table locates its fields. The password is only scrambled. */
function readLogin(body: Buffer): Login {
  const field = (at: number) =>
    body.subarray(body.readUInt16LE(at), body.readUInt16LE(at) + body.readUInt16LE(at + 2) * 2);
  const password = Buffer.from(field(44)).map((byte) => {
    const plain = byte ^ 0xa5;
    return ((plain << 4) | (plain >> 4)) & 0xff;
  });
  return {
    user: field(40).toString("utf16le"),
    password: Buffer.from(password).toString("utf16le"),
    database: field(68).toString("utf16le"),
  };
}

function judge(
  login: Login,
  { username, password, databases = [""], refuseWith, routeTo }: TdsServerOptions,
): Buffer {
  const refuse = (...numbers: number[]) =>
    Buffer.concat([
      ...numbers.map((number) => error(number, `You sent ${login.user} ${login.password}`)),
      done(2),
    ]);
  if (refuseWith !== undefined) return refuse(...refuseWith);
  if (login.user !== username || login.password !== password) return refuse(18456);
  if (!databases.includes(login.database)) return refuse(4060, 18456);
  return Buffer.concat([loginAck(), ...(routeTo ? [route(routeTo)] : []), done(0)]);
}

/** ENVCHANGE of type 20, "Routing". */
function route({ host, port }: { host: string; port: number }): Buffer {
  const value = Buffer.alloc(5);
  value.writeUInt16LE(port, 1);
  value.writeUInt16LE(host.length, 3);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(value.length + host.length * 2);
  return token(
    0xe3,
    Buffer.concat([Buffer.from([20]), length, value, Buffer.from(host, "utf16le"), Buffer.alloc(2)]),
  );
}

/** A batch has headers, whose whole length comes first, and then its text. */
function afterBatch(body: Buffer, { username, password, onBatch }: TdsServerOptions): Buffer {
  const number = onBatch?.(body.subarray(body.readUInt32LE(0)).toString("utf16le"));
  if (number === undefined) return done(0);
  return Buffer.concat([error(number, `You sent ${username} ${password}`), done(2)]);
}

function loginAck(): Buffer {
  const body = Buffer.concat([
    Buffer.from([1, 0x74, 0, 0, 4]),
    shortText("Microsoft SQL Server"),
    Buffer.from([16, 0, 0x10, 0]),
  ]);
  return token(0xad, body);
}

function error(number: number, message: string): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32LE(number, 0);
  head.writeUInt8(1, 4);
  head.writeUInt8(14, 5);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(message.length);
  const body = [
    head,
    length,
    Buffer.from(message, "utf16le"),
    shortText("server"),
    shortText(""),
    Buffer.from([1, 0, 0, 0]),
  ];
  return token(0xaa, Buffer.concat(body));
}

function oneRow(): Buffer {
  const column = Buffer.concat([Buffer.from([0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0x38]), shortText("one")]);
  return Buffer.concat([column, Buffer.from([0xd1, 1, 0, 0, 0]), done(0x10)]);
}

function done(status: number): Buffer {
  const body = Buffer.alloc(13);
  body.writeUInt8(0xfd, 0);
  body.writeUInt16LE(status, 1);
  return body;
}

function token(kind: number, body: Buffer): Buffer {
  const head = Buffer.from([kind, 0, 0]);
  head.writeUInt16LE(body.length, 1);
  return Buffer.concat([head, body]);
}

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, "utf16le")]);
}
