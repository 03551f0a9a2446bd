import ipaddr from "ipaddr.js";

/** True when an address is one of these, or within one of these ranges, or when there are none. What is malformed is nowhere. */
export function isFrom(source: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  if (!ipaddr.isValid(source)) return false;
  // An IPv4 caller of a socket for both families comes as ::ffff:a.b.c.d.
  const address = ipaddr.process(source);
  return ranges.some((range) => {
    if (ipaddr.isValidCIDR(range)) {
      const [network, bits] = ipaddr.parseCIDR(range);
      return network.kind() === address.kind() && address.match(network, bits);
    }
    return ipaddr.isValid(range) && ipaddr.process(range).toString() === address.toString();
  });
}
