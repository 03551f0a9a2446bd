import ipaddr from "ipaddr.js";

/**
 * True when `source` is in one of these addresses or CIDR ranges, or when the list is empty. A malformed
 * address or range matches nothing.
 */
export function isFrom(source: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  if (!ipaddr.isValid(source)) return false;
  // A dual-stack socket reports an IPv4 client as ::ffff:a.b.c.d.
  const address = ipaddr.process(source);
  return ranges.some((range) => {
    if (ipaddr.isValidCIDR(range)) {
      const [network, bits] = ipaddr.parseCIDR(range);
      return network.kind() === address.kind() && address.match(network, bits);
    }
    return ipaddr.isValid(range) && ipaddr.process(range).toString() === address.toString();
  });
}
