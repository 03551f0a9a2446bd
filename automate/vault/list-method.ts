import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** Node gives the bytes that it could not parse. */
type ClientError = { code: string; rawPacket: unknown };

const requestLine = /^LIST (\/vault\/v1\/[^\s?]*)(\?\S*)? HTTP\/1\.1$/;

/**
 * Answers Vault's own method LIST, which Node's HTTP parser does not know: such a request arrives here as a client error with
 * its bytes, and is served as the GET with `list=true` that Vault's documentation has beside it. True when it was one.
 */
export function answerList(app: FastifyInstance, { code, rawPacket }: ClientError, socket: Socket): boolean {
  if (code !== "HPE_INVALID_METHOD" || !Buffer.isBuffer(rawPacket)) return false;
  const head = rawPacket.toString("latin1").split("\r\n\r\n", 1)[0] ?? "";
  const [first = "", ...lines] = head.split("\r\n");
  const [, path, query = "?"] = requestLine.exec(first) ?? [];
  if (path === undefined || head.length === rawPacket.length) return false;
  const headers = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  app
    .inject({
      method: "GET",
      url: `${path}${query}&list=true`,
      headers,
      remoteAddress: socket.remoteAddress ?? "",
    })
    .then(({ statusCode, statusMessage, payload, headers: answered }) => {
      const type = answered["content-type"] ?? "application/json";
      const lengths = `content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(payload)}\r\nconnection: close`;
      socket.end(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lengths}\r\n\r\n${payload}`);
    })
    .catch(() => socket.destroy());
  return true;
}
