import { publicAuthorities } from "@/worker/clients/certificates";

/** Has this process trust the authorities of a test as it trusts the public ones. */
export function trust(authorities: readonly string[]): void {
  publicAuthorities.push(...authorities.filter((one) => !publicAuthorities.includes(one)));
}
