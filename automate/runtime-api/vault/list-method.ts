import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { type VaultPrefix, withoutRepeatedSlashes } from "@/automate/runtime-api/vault/path";

/** Node.js passes the bytes that it could not parse. */
type ClientError = { code: string; rawPacket: unknown };

const prefix = "LIST /";
// nginx sends HTTP/1.0 to what it proxies, unless it is configured otherwise.
const requestLine = /^LIST (\/[^\s?]*)(?:\?(\S*))? HTTP\/(1\.[01])$/;
/** The same limits as Node.js applies to other methods. */
const maxHeadBytes = 16 * 1024;
const timeoutMs = 30_000;

/** The received part of incomplete request heads. Node.js passes each packet separately. */
const heads = new WeakMap<Socket, Buffer>();

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
  const buffered = heads.get(socket);
  if (!buffered && (code !== "HPE_INVALID_METHOD" || !hasPrefix(rawPacket))) return false;
  const bytes = buffered ? Buffer.concat([buffered, rawPacket]) : rawPacket;
  const end = bytes.indexOf("\r\n\r\n");
  if ((end < 0 ? bytes.length : end) > maxHeadBytes) return false;
  heads.set(socket, bytes);
  if (end < 0) socket.setTimeout(timeoutMs, () => socket.destroy());
  else if (!buffered?.includes("\r\n\r\n")) return serve(app, bytes, socket, vaultPrefix);
  return true;
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
  const [first = "", ...lines] = bytes.toString("latin1", 0, bytes.indexOf("\r\n\r\n")).split("\r\n");
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
    final: (done) => socket.end(done),
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
