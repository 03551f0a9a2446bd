import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import { BSON, type Document } from "mongodb";
import type { Certificate } from "@/launcher/certificates.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

export type MongodbServerOptions = {
  username: string;
  password: string;
  database: string;
  collections: readonly string[];
  certificate?: Certificate;
  /** Collections that this user may not read. */
  shut?: readonly string[];
};
export type MongodbServer = Listening & { signIns: string[] };

const tlsHandshake = 0x16;
const opcode = { reply: 1, query: 2004, message: 2013 };

/**
 * A server for the part of the MongoDB wire protocol that one sign-in and one read need ("MongoDB Wire
 * Protocol" and "Authentication" in the manual, and the drivers' specifications). It verifies the sign-in by
 * SCRAM-SHA-256.
 */
export async function startMongodbServer(options: MongodbServerOptions): Promise<MongodbServer> {
  const signIns: string[] = [];
  const serve = (socket: Socket) => converse(socket, options, signIns);
  const server = options.certificate
    ? tls.createServer(options.certificate, serve).on("tlsClientError", () => {})
    : net.createServer(serve);
  return { ...(await listen(server)), signIns };
}

function converse(socket: Socket, options: MongodbServerOptions, signIns: string[]): void {
  const answer = session(options, signIns);
  let waiting = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    // A server without TLS closes a connection that begins with a TLS record.
    if (waiting[0] === tlsHandshake) return void socket.destroy();
    while (waiting.length >= 16 && waiting.length >= waiting.readInt32LE(0)) {
      const whole = waiting.subarray(0, waiting.readInt32LE(0));
      waiting = waiting.subarray(whole.length);
      reply(socket, whole, answer);
    }
  });
}

function reply(socket: Socket, whole: Buffer, answer: (command: Document) => Document): void {
  const isQuery = whole.readInt32LE(12) === opcode.query;
  // OP_QUERY: flags, the collection's name ended by NUL, two numbers, the document; OP_MSG: flags, kind, the
  // document.
  const start = isQuery ? whole.indexOf(0, 20) + 9 : 21;
  const body = BSON.serialize(answer(BSON.deserialize(whole.subarray(start))));
  const head = Buffer.alloc(16);
  const middle = isQuery ? Buffer.from([8, ...Buffer.alloc(15), 1, 0, 0, 0]) : Buffer.alloc(5);
  head.writeInt32LE(16 + middle.length + body.length, 0);
  head.writeInt32LE(whole.readInt32LE(4), 8);
  head.writeInt32LE(isQuery ? opcode.reply : opcode.message, 12);
  socket.write(Buffer.concat([head, middle, body]));
}

function session(options: MongodbServerOptions, signIns: string[]) {
  let scram: Scram | undefined;
  let isSignedIn = false;
  const failed = (code: number, codeName: string) => ({
    ok: 0,
    code,
    codeName,
    errmsg: `You sent ${options.password}`,
  });
  return (command: Document): Document => {
    const [name] = Object.keys(command);
    if (name === "hello" || name === "ismaster" || name === "isMaster") {
      const start: Document | undefined = command.speculativeAuthenticate;
      if (start) scram = startScram(start, options);
      return { ...hello, ...(scram && start && { speculativeAuthenticate: scram.first }) };
    }
    if (name === "saslStart") {
      scram = startScram(command, options);
      return { ok: 1, ...scram.first };
    }
    if (name === "saslContinue") {
      const last = scram?.finish(command.payload.toString("utf8"));
      signIns.push(scram?.user ?? "");
      if (last === undefined) return failed(18, "AuthenticationFailed");
      isSignedIn = true;
      return { ok: 1, conversationId: 1, done: true, payload: Buffer.from(last) };
    }
    if (name === "endSessions") return { ok: 1 };
    if (!isSignedIn) return failed(13, "Unauthorized");
    if (name === "ping") return { ok: 1 };
    const cursor = (list: Document[]) => ({
      ok: 1,
      cursor: { id: 0n, ns: `${command.$db}.x`, firstBatch: list },
    });
    if (name === "listCollections") {
      const wanted = command.filter?.name;
      const isThere = command.$db === options.database && options.collections.includes(wanted);
      return cursor(isThere ? [{ name: wanted, type: "collection" }] : []);
    }
    if (name === "find")
      return options.shut?.includes(command.find) ? failed(13, "Unauthorized") : cursor([{ _id: 1 }]);
    return failed(59, "CommandNotFound");
  };
}

const hello = {
  ok: 1,
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 25,
  saslSupportedMechs: ["SCRAM-SHA-256"],
};

type Scram = { user: string; first: Document; finish(message: string): string | undefined };

/** RFC 5802 and RFC 7677, the server's side. */
function startScram(command: Document, { username, password }: MongodbServerOptions): Scram {
  const bare = command.payload.toString("utf8").slice(3);
  const user = /n=([^,]*)/.exec(bare)?.[1] ?? "";
  const nonce = `${/r=(.*)$/.exec(bare)?.[1]}${randomBytes(12).toString("base64")}`;
  const salt = randomBytes(28);
  const first = `r=${nonce},s=${salt.toString("base64")},i=15000`;
  const salted = pbkdf2Sync(password, salt, 15_000, 32, "sha256");
  const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  return {
    user,
    first: { conversationId: 1, done: false, payload: Buffer.from(first) },
    finish(message) {
      const [withoutProof = "", proof = ""] = message.split(",p=");
      const clientKey = hmac(salted, "Client Key");
      const stored = createHash("sha256").update(clientKey).digest();
      const text = `${bare},${first},${withoutProof}`;
      const signature = hmac(stored, text);
      const expected = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
      if (user !== username || proof !== expected.toString("base64")) return undefined;
      return `v=${hmac(hmac(salted, "Server Key"), text).toString("base64")}`;
    },
  };
}
