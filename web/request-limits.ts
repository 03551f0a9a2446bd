import type { IncomingMessage } from "node:http";
import { notAdmittedHeader } from "@/lib/next/not-admitted-header";

/** Headers that Next and proxies use internally. Web removes them, so that clients cannot forge them. */
export const internalHeaders = [
  "x-middleware-subrequest",
  "x-forwarded-port",
  "x-real-ip",
  "forwarded",
  notAdmittedHeader,
];

/**
 * The accepted values of the Host header: the public address, and all loopback names if it is one of them.
 */
export function allowedHosts(publicUrl: string): Set<string> {
  const { host, hostname, port } = new URL(publicUrl);
  const loopback = ["localhost", "127.0.0.1", "[::1]"];
  if (!loopback.includes(hostname)) return new Set([host]);
  return new Set(loopback.map((name) => (port ? `${name}:${port}` : name)));
}

/**
 * The client's address, counted from the trusted end of X-Forwarded-For. A client can forge any entry beyond
 * the trusted proxies.
 */
export function clientAddress(req: Pick<IncomingMessage, "headers" | "socket">, trustedHops: number): string {
  const claimed = [req.headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  const chain = [...claimed.map((part) => part.trim()).filter(Boolean), req.socket.remoteAddress ?? ""];
  return chain[Math.max(0, chain.length - 1 - trustedHops)] ?? "";
}

/** The longest accepted body: an action with the largest secret in base64, and room for its other fields. */
export function maxBodyBytes(maxSecretBytes: number): number {
  return Math.ceil((maxSecretBytes * 4) / 3) + 524_288;
}

/**
 * Limits the length of a body. Returns false when Content-Length exceeds the limit. A chunked body is cut
 * off at the limit.
 */
export function boundBody(req: IncomingMessage, maxBytes: number): boolean {
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) return false;
  if (req.headers["transfer-encoding"] === undefined) return true;
  let received = 0;
  // Counts the chunks as the parser pushes them: reading them here would consume Next's stream.
  const push = req.push.bind(req);
  req.push = (chunk: Buffer | null, encoding) => {
    received += chunk?.length ?? 0;
    if (received <= maxBytes) return push(chunk, encoding);
    req.destroy();
    return false;
  };
  return true;
}
