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

/** The longest body that is taken: an action that carries the largest secret, with room for its other fields. */
export function maxBodyBytes(maxSecretBytes: number): number {
  return Math.ceil((maxSecretBytes * 4) / 3) + 524_288;
}

/**
 * Holds a request to a length: false when it says itself that it is longer. One that comes in chunks, as Next's own do when
 * it sends an action on to another page, is cut off where it grows too long.
 */
export function boundBody(req: IncomingMessage, maxBytes: number): boolean {
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) return false;
  if (req.headers["transfer-encoding"] === undefined) return true;
  let received = 0;
  // What the parser hands over is counted on its way in: reading it here would take it from Next.
  const push = req.push.bind(req);
  req.push = (chunk: Buffer | null, encoding) => {
    received += chunk?.length ?? 0;
    if (received <= maxBytes) return push(chunk, encoding);
    req.destroy();
    return false;
  };
  return true;
}
