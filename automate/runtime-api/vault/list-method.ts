import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { type VaultPrefix, withoutRepeatedSlashes } from "@/automate/runtime-api/vault/path";

/** Node.js passes the bytes that it could not parse. */
type ClientError = { code: string; rawPacket: unknown };

const prefix = "LIST /";
const headEnd = "\r\n\r\n";
// nginx sends HTTP/1.0 to what it proxies, unless it is configured otherwise.
const requestLine = /^LIST (\/[^\s?]*)(?:\?(\S*))? HTTP\/(1\.[01])$/;
/** The same limits as Node.js applies to other methods. */
const maxHeadBytes = 16 * 1024;
const timeoutMs = 30_000;

/** Of what follows a head. LIST has no body, but a client may send one, in a packet of its own. */
const maxLaterPackets = 4;

/** A request of which Node.js passes each packet separately: the received part of its head, until it is complete. */
type Received = { head: Buffer; timer: NodeJS.Timeout; laterPackets: number };
const requests = new WeakMap<Socket, Received>();

/**
 * Answers Vault's LIST method, which the HTTP parser of Node.js does not know.
 *
 * Such a request arrives as a client error with its raw bytes. Automate serves it as a GET with `list=true`,
 * which Vault documents as equivalent. Returns true when the bytes were such a request.
 */
export function answerList(
  app: FastifyInstance,
  { code, rawPacket }: ClientError,
  socket: Socket,
  vaultPrefix: VaultPrefix,
): boolean {
  if (!Buffer.isBuffer(rawPacket)) return false;
  const request = requests.get(socket) ?? begin(code, rawPacket, socket);
  if (!request) return false;
  if (isComplete(request)) {
    request.laterPackets += 1;
    // An attacker could otherwise send without end, and so keep the connection and automate busy.
    if (request.laterPackets > maxLaterPackets) socket.destroy();
    return true;
  }
  request.head = Buffer.concat([request.head, rawPacket]);
  const end = request.head.indexOf(headEnd);
  if ((end < 0 ? request.head.length : end) > maxHeadBytes) return false;
  if (end < 0) return true;
  clearTimeout(request.timer);
  return serve(app, request.head, socket, vaultPrefix);
}

/** Begins to collect a request; undefined if it is none of LIST. */
function begin(code: string, packet: Buffer, socket: Socket): Received | undefined {
  if (code !== "HPE_INVALID_METHOD" || !hasPrefix(packet)) return undefined;
  // Not the socket's own timeout, which begins again with each byte.
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.once("close", () => clearTimeout(timer));
  const request = { head: Buffer.alloc(0), timer, laterPackets: 0 };
  requests.set(socket, request);
  return request;
}

function isComplete({ head }: Received): boolean {
  return head.includes(headEnd);
}

function hasPrefix(packet: Buffer): boolean {
  return prefix.startsWith(packet.toString("latin1", 0, prefix.length));
}

/** Passes the request on as a connection of its own, so that its answer is sent like every other. */
function serve(
  { server }: FastifyInstance,
  bytes: Buffer,
  socket: Socket,
  vaultPrefix: VaultPrefix,
): boolean {
  const [first = "", ...lines] = bytes.toString("latin1", 0, bytes.indexOf(headEnd)).split("\r\n");
  const [, target = "", query, version] = requestLine.exec(first) ?? [];
  const path = withoutRepeatedSlashes(target, vaultPrefix);
  if (!path.startsWith(`${vaultPrefix}/`)) return false;
  const parameters = new URLSearchParams(query);
  parameters.set("list", "true");
  const kept = lines.filter((line) => !/^(connection|content-length|transfer-encoding) *:/i.test(line));
  const head = [`GET ${path}?${parameters} HTTP/${version}`, ...kept, "connection: close"];
  const relay = new Duplex({
    read: () => undefined,
    write: (chunk, _encoding, done) => socket.write(chunk, done),
    // Also closes the connection of a client that leaves its side open.
    final: (done) => {
      socket.destroySoon();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.once("close", () => relay.destroy());
  Object.assign(relay, {
    remoteAddress: socket.remoteAddress,
    setTimeout: (ms: number) => socket.setTimeout(ms),
    resetAndDestroy: () => socket.resetAndDestroy(),
  });
  // The server of the request decides what a timeout means, not that of the unknown method.
  socket.removeAllListeners("timeout").on("timeout", () => relay.emit("timeout"));
  server.emit("connection", relay);
  relay.push(Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"));
  return true;
}
