import type { IncomingMessage } from "node:http";

/** Headers by which Next and proxies talk to themselves. */
export const internalHeaders = ["x-middleware-subrequest", "x-forwarded-port", "x-real-ip", "forwarded"];

/** The values of the Host header that are answered: that of the public address, and the names of loopback when it is one of them. */
export function allowedHosts(publicUrl: string): Set<string> {
  const { host, hostname, port } = new URL(publicUrl);
  const loopback = ["localhost", "127.0.0.1", "[::1]"];
  if (!loopback.includes(hostname)) return new Set([host]);
  return new Set(loopback.map((name) => (port ? `${name}:${port}` : name)));
}

/** The address of the client, counted from our end of the chain: what is further away than the trusted proxies is hearsay. */
export function clientAddress(req: Pick<IncomingMessage, "headers" | "socket">, trustedHops: number): string {
  const claimed = [req.headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  const chain = [...claimed.map((part) => part.trim()).filter(Boolean), req.socket.remoteAddress ?? ""];
  return chain[Math.max(0, chain.length - 1 - trustedHops)] ?? "";
}

/**
 * The status that a request is refused with for its body, or null. A body says its length, which Node then holds it to, and is no
 * longer than an action that carries the largest secret.
 */
export function refusalOfBody(
  req: Pick<IncomingMessage, "headers">,
  maxSecretBytes: number,
): 411 | 413 | null {
  const { "content-length": length, "transfer-encoding": encoding } = req.headers;
  if (encoding !== undefined) return 411;
  return Number(length ?? 0) > Math.ceil((maxSecretBytes * 4) / 3) + 524_288 ? 413 : null;
}
