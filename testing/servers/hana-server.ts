import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import type { Certificate } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

export type HanaServerOptions = {
  username: string;
  password: string;
  certificate?: Certificate;
  /** The error number that answers a correct password; `refuseStatement` is the one for the statement. */
  refuseSignIn?: number;
  refuseStatement?: number;
  /** Offers only this sign-in method. */
  method?: string;
};
export type HanaServer = Listening & {
  signIns: string[];
  /** The sign-in methods that the client offered. */
  offered: string[];
  /** The server names (SNI) from the TLS handshakes. */
  names: unknown[];
};

type Part = { kind: number; buffer: Buffer };
type PacketClasses = {
  Fields: { read(part: Part): Buffer[]; write(part: null, fields: (string | Buffer)[]): Part };
  Part: {
    new (kind: number, attributes: number, count: number, buffer: Buffer): Part;
    create(buffer: Buffer, offset: number): Part & { byteLength: number };
  };
  Segment: new (kind: number, functionCode: number) => { push(part: Part): void; toBuffer(): Buffer };
};
const load = createRequire(import.meta.url);
const { Fields, Part, Segment }: PacketClasses = {
  Fields: load("hdb/lib/protocol/data/Fields"),
  Part: load("hdb/lib/protocol/reply/Part"),
  Segment: load("hdb/lib/protocol/reply/Segment"),
};

const message = { authenticate: 65, connect: 66 };
const kinds = { reply: 2, error: 5, errorPart: 6, authentication: 33 };
const greetingLength = 14;

/**
 * A server for the part of the "SAP HANA SQL Command Network Protocol" that one sign-in and one statement
 * need. It verifies the sign-in by SCRAMPBKDF2SHA256.
 */
export async function startHanaServer(options: HanaServerOptions): Promise<HanaServer> {
  const signIns: string[] = [];
  const offered: string[] = [];
  const names: unknown[] = [];
  const serve = (socket: Socket) => {
    names.push(Reflect.get(socket, "servername"));
    converse(socket, session(options, signIns, offered));
  };
  const server = options.certificate
    ? tls.createServer(options.certificate, serve).on("tlsClientError", () => {})
    : net.createServer(serve);
  return { ...(await listen(server)), signIns, offered, names };
}

function converse(socket: Socket, answer: (request: Buffer) => Buffer): void {
  let waiting = Buffer.alloc(0);
  let isGreeted = false;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    if (!isGreeted && waiting.length >= greetingLength) {
      isGreeted = true;
      waiting = waiting.subarray(greetingLength);
      socket.write(Buffer.from([2, 0, 0, 4, 1, 0, 0, 0]));
    }
    while (isGreeted && waiting.length >= 32 && waiting.length >= 32 + waiting.readUInt32LE(12)) {
      const whole = waiting.subarray(0, 32 + waiting.readUInt32LE(12));
      waiting = waiting.subarray(whole.length);
      const body = answer(whole.subarray(32));
      const head = Buffer.alloc(32);
      head.writeUInt32LE(whole.readUInt32LE(8), 8);
      head.writeUInt32LE(body.length, 12);
      head.writeUInt32LE(body.length, 16);
      head.writeUInt16LE(1, 20);
      socket.write(Buffer.concat([head, body]));
    }
  });
}

function session(
  { username, password, method = "SCRAMPBKDF2SHA256", ...options }: HanaServerOptions,
  signIns: string[],
  offered: string[],
) {
  const salt = randomBytes(16);
  const serverKey = randomBytes(48);
  const iterations = Buffer.from([0, 0, 0x3a, 0x98]);
  const salted = pbkdf2Sync(password, salt, 15_000, 32, "sha256");
  let clientKey: Buffer = Buffer.alloc(0);
  const refuse = (number: number) =>
    segment(kinds.error, kinds.errorPart, fault(number, `You sent ${password}`));
  return (request: Buffer): Buffer => {
    const type = request[13];
    if (type === message.authenticate) {
      const fields = authenticationOf(request);
      // The user name, then pairs of method and challenge.
      offered.push(...fields.filter((_field, index) => index % 2 === 1).map(String));
      clientKey = fields[fields.findIndex((field) => field.toString() === method) + 1] ?? clientKey;
      const challenge = Fields.write(null, [salt, serverKey, iterations]).buffer;
      return segment(kinds.reply, kinds.authentication, Fields.write(null, [method, challenge]).buffer);
    }
    if (type === message.connect) {
      const [user, , proof = Buffer.alloc(0)] = authenticationOf(request);
      signIns.push(String(user));
      const key = sha256(salted);
      const signature = hmac(sha256(key), Buffer.concat([salt, serverKey, clientKey]));
      const expected = Buffer.from(key.map((byte, index) => byte ^ (signature[index] ?? 0)));
      if (String(user) !== username || !proof.subarray(3).equals(expected)) return refuse(10);
      if (options.refuseSignIn !== undefined) return refuse(options.refuseSignIn);
      const own = hmac(hmac(salted, salt), Buffer.concat([clientKey, salt, serverKey]));
      const ownProof = Buffer.concat([Buffer.from([1, 0, 32]), own]);
      return segment(kinds.reply, kinds.authentication, Fields.write(null, [method, ownProof]).buffer);
    }
    return options.refuseStatement === undefined
      ? new Segment(kinds.reply, 0).toBuffer()
      : refuse(options.refuseStatement);
  };
}

const sha256 = (data: Buffer) => createHash("sha256").update(data).digest();
const hmac = (key: Buffer, data: Buffer) => createHmac("sha256", key).update(data).digest();

function segment(kind: number, partKind: number, buffer: Buffer): Buffer {
  const whole = new Segment(kind, 0);
  whole.push(new Part(partKind, 0, 1, buffer));
  return whole.toBuffer();
}

function fault(number: number, text: string): Buffer {
  const head = Buffer.alloc(18);
  head.writeInt32LE(number, 0);
  head.writeInt32LE(Buffer.byteLength(text), 8);
  head.writeInt8(1, 12);
  head.write("HY000", 13, "ascii");
  return Buffer.concat([head, Buffer.from(text)]);
}

/** The fields of the authentication part, at any position in the segment. */
function authenticationOf(request: Buffer): Buffer[] {
  let offset = 24;
  for (let left = request.readInt16LE(8); left > 0; left -= 1) {
    const part = Part.create(request, offset);
    if (part.kind === kinds.authentication) return Fields.read(part);
    offset += part.byteLength;
  }
  return [];
}
