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
