import "server-only";
import { createHmac } from "node:crypto";
import ipaddr from "ipaddr.js";
import { headers } from "next/headers";
import { webEnv } from "@/lib/env";
import type { SignInSource } from "@/lib/sessions/sign-in-delay";
import { emailKey } from "@/lib/users/schema";

/**
 * Where a sign-in comes from: its network, and the keys under which its failures are counted. The keys are
 * HMACs, so that they reveal neither the account nor the network.
 */
export function signInSource(email: string, forwardedFor: string | null): SignInSource {
  const network = networkOf(forwardedFor);
  return {
    network,
    accountKey: keyOf(`sign-in-delay\n${emailKey(email)}\n${network}`),
    networkKey: keyOf(`sign-in-network\n${networkOf(forwardedFor, 48)}`),
    networkBudget: webEnv().WEB_FAILED_SIGN_INS_PER_NETWORK,
  };
}

/** `signInSource` for this request. */
export async function currentSignInSource(email: string): Promise<SignInSource> {
  return signInSource(email, (await headers()).get("x-forwarded-for"));
}

function keyOf(text: string): string {
  return createHmac("sha256", webEnv().SESSION_SECRET).update(text).digest("base64url");
}

/**
 * Returns the client's network from X-Forwarded-For, as a /24 of IPv4 or a /64 of IPv6. Uses the last hop,
 * which web's own server always overwrites.
 * Counting single addresses would let an attacker retry from the next address of the same network. A customer
 * of an IPv6 provider may have 65,536 of these networks: a /48 contains them all.
 */
export function networkOf(forwardedFor: string | null, ipv6Bits: 48 | 64 = 64): string {
  const last = forwardedFor?.split(",").at(-1)?.trim() ?? "";
  if (!ipaddr.isValid(last)) return "unknown";
  const address = ipaddr.process(last);
  if (address.kind() === "ipv4") return `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${ipv6Bits}`)}/${ipv6Bits}`;
}
