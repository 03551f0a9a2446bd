import { publicAuthorities } from "@/worker/clients/certificates";

/** Makes this process trust a test's authorities like the public ones. */
export function trust(authorities: readonly string[]): void {
  publicAuthorities.push(...authorities.filter((one) => !publicAuthorities.includes(one)));
}
