import "server-only";
import { createHmac } from "node:crypto";
import ipaddr from "ipaddr.js";
import { headers } from "next/headers";
import { webEnv } from "@/lib/env";
import { emailKey } from "@/lib/users/schema";

/**
 * The key under which failed sign-ins are counted, for one account and one network. An HMAC, so that it
 * reveals neither.
 */
export function delayKey(email: string, network: string): string {
  return createHmac("sha256", webEnv().SESSION_SECRET)
    .update(`sign-in-delay\n${emailKey(email)}\n${network}`)
    .digest("base64url");
}

/** The client's network for this request. */
export async function currentNetwork(): Promise<string> {
  return networkOf((await headers()).get("x-forwarded-for"));
}

/**
 * Returns the client's network from X-Forwarded-For, as a /24 or a /64. Uses the last hop, which web's own
 * server always overwrites.
 * Counting single addresses would let an attacker retry from the next address of the same network.
 */
export function networkOf(forwardedFor: string | null): string {
  const last = forwardedFor?.split(",").at(-1)?.trim() ?? "";
  if (!ipaddr.isValid(last)) return "unknown";
  const address = ipaddr.process(last);
  if (address.kind() === "ipv4") return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`)}/64`;
}
