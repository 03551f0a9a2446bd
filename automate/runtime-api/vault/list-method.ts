import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** Node gives the bytes that it could not parse. */
type ClientError = { code: string; rawPacket: unknown };

const beginning = "LIST /vault/v1/";
const requestLine = /^LIST (\/vault\/v1\/[^\s?]*)(?:\?(\S*))? HTTP\/1\.1$/;
/** As much as Node takes of any other method, and as long as it waits for more. */
const mostHeadBytes = 16 * 1024;
const patienceMs = 30_000;

const told = ["content-type", "cache-control", "retry-after"];

/** What has come so far of a head that is not whole: Node hands over each packet of it by itself. */
const heads = new WeakMap<Socket, Buffer>();

/**
 * Answers Vault's own method LIST, which Node's HTTP parser does not know: such a request arrives here as a client error with
 * its bytes, and is served as the GET with `list=true` that Vault's documentation has beside it. True when it was one.
 */
export function answerList(app: FastifyInstance, { code, rawPacket }: ClientError, socket: Socket): boolean {
  if (!Buffer.isBuffer(rawPacket)) return false;
  const before = heads.get(socket);
  if (!before && (code !== "HPE_INVALID_METHOD" || !isBeginning(rawPacket))) return false;
  const bytes = before ? Buffer.concat([before, rawPacket]) : rawPacket;
  const end = bytes.indexOf("\r\n\r\n");
  if ((end < 0 ? bytes.length : end) > mostHeadBytes) return false;
  heads.set(socket, bytes);
  if (end < 0) socket.setTimeout(patienceMs, () => socket.destroy());
  else if (!before?.includes("\r\n\r\n")) return serve(app, bytes.toString("latin1", 0, end), socket);
  return true;
}

function isBeginning(packet: Buffer): boolean {
  return beginning.startsWith(packet.toString("latin1", 0, beginning.length));
}

function serve(app: FastifyInstance, head: string, socket: Socket): boolean {
  const [first = "", ...lines] = head.split("\r\n");
  const [, path, query] = requestLine.exec(first) ?? [];
  if (path === undefined) return false;
  const asked = new URLSearchParams(query);
  asked.set("list", "true");
  app
    .inject({
      method: "GET",
      url: `${path}?${asked}`,
      headers: headersOf(lines),
      remoteAddress: socket.remoteAddress ?? "",
    })
    .then(({ statusCode, statusMessage, payload, headers: answered }) => {
      const kept = told.flatMap((name) =>
        answered[name] === undefined ? [] : [`${name}: ${answered[name]}`],
      );
      const all = [...kept, `content-length: ${Buffer.byteLength(payload)}`, "connection: close"];
      socket.end(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${all.join("\r\n")}\r\n\r\n${payload}`);
    })
    .catch(() => socket.destroy());
  return true;
}

/** Lines of one name are one list, as Node has them: a proxy may add its own to what it was sent. */
function headersOf(lines: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(":");
    const [name, value] = [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  return Object.fromEntries(headers);
}
