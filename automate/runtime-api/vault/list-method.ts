import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { type VaultPrefix, withoutRepeatedSlashes } from "@/automate/runtime-api/vault/path";

/** Node.js passes the bytes that it could not parse. */
type ClientError = { code: string; rawPacket: unknown };

const prefix = "LIST /";
// nginx sends HTTP/1.0 to what it proxies, unless it is configured otherwise.
const requestLine = /^LIST (\/[^\s?]*)(?:\?(\S*))? HTTP\/1\.[01]$/;
/** The same limits as Node.js applies to other methods. */
const maxHeadBytes = 16 * 1024;
const timeoutMs = 30_000;

const forwardedHeaders = ["content-type", "cache-control", "retry-after"];

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
  else if (!buffered?.includes("\r\n\r\n"))
    return serve(app, bytes.toString("latin1", 0, end), socket, vaultPrefix);
  return true;
}

function hasPrefix(packet: Buffer): boolean {
  return prefix.startsWith(packet.toString("latin1", 0, prefix.length));
}

function serve(app: FastifyInstance, head: string, socket: Socket, vaultPrefix: VaultPrefix): boolean {
  const [first = "", ...lines] = head.split("\r\n");
  const [, target = "", query] = requestLine.exec(first) ?? [];
  const path = withoutRepeatedSlashes(target, vaultPrefix);
  // `inject` resolves dot segments, which could lead out of the dialect.
  if (!path.startsWith(`${vaultPrefix}/`) || /\/(\.|%2e){1,2}(\/|$)/i.test(path)) return false;
  const parameters = new URLSearchParams(query);
  parameters.set("list", "true");
  app
    .inject({
      method: "GET",
      url: `${path}?${parameters}`,
      headers: headersOf(lines),
      remoteAddress: socket.remoteAddress ?? "",
    })
    .then(({ statusCode, statusMessage, payload, headers: responseHeaders }) => {
      const headerLines = forwardedHeaders.flatMap((name) =>
        responseHeaders[name] === undefined ? [] : [`${name}: ${responseHeaders[name]}`],
      );
      const all = [...headerLines, `content-length: ${Buffer.byteLength(payload)}`, "connection: close"];
      socket.end(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${all.join("\r\n")}\r\n\r\n${payload}`);
    })
    .catch(() => socket.destroy());
  return true;
}

/** Joins repeated headers, as Node.js does: a proxy may add its own lines to those it received. */
function headersOf(lines: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(":");
    const [name, value] = [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  return Object.fromEntries(headers);
}
