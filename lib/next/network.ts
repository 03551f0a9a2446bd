import "server-only";
import { createHmac } from "node:crypto";
import ipaddr from "ipaddr.js";
import { headers } from "next/headers";
import { webEnv } from "@/lib/env";
import { emailKey } from "@/lib/users/schema";

/** The key by which wrong tries at one account from one network are counted; neither can be read from it. */
export function delayKey(email: string, network: string): string {
  return createHmac("sha256", webEnv().SESSION_SECRET)
    .update(`sign-in-delay\n${emailKey(email)}\n${network}`)
    .digest("base64url");
}

/** The network of this request. */
export async function currentNetwork(): Promise<string> {
  return networkOf((await headers()).get("x-forwarded-for"));
}

/**
 * The network that an X-Forwarded-For speaks of: its last hop, which our own server wrote over whatever came, as a /24
 * or a /64. An address alone would let one household or one phone try again and again from the next one.
 */
export function networkOf(forwardedFor: string | null): string {
  const last = forwardedFor?.split(",").at(-1)?.trim() ?? "";
  if (!ipaddr.isValid(last)) return "unknown";
  const address = ipaddr.process(last);
  if (address.kind() === "ipv4") return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`)}/64`;
}
