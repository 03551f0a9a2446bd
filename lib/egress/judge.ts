import ipaddr from "ipaddr.js";

/** Addresses that serve a cloud's own credentials (SSRF targets), in addition to the link-local ranges. */
const metadataAddresses = new Set([
  "100.100.100.200", // Alibaba Cloud
  "168.63.129.16", // Azure
  "fd00:ec2::254", // AWS
  "fd20:ce::254", // Google Cloud
  "fd00:42::42", // Scaleway
]);

/** The ranges that an operator can open with EGRESS_ALLOW. All other non-public ranges stay closed. */
const openable = new Set(["loopback", "private", "carrierGradeNat", "uniqueLocal"]);

/**
 * Whether a check may dial this address. Prevents SSRF:
 * - Public addresses: allowed.
 * - Cloud metadata, link-local, multicast, unspecified and reserved addresses: never allowed.
 * - Loopback and private addresses: allowed only inside one of the `allowed` CIDRs.
 */
export function judge(address: string, allowed: readonly string[]): "allowed" | "refused" {
  if (!ipaddr.isValid(address) || address.includes("%")) return "refused";
  const target = unwrap(ipaddr.parse(address));
  if (target === null || metadataAddresses.has(target.toString())) return "refused";
  const range = target.range();
  if (range === "unicast") return "allowed";
  return openable.has(range) && allowed.some((cidr) => contains(cidr, target)) ? "allowed" : "refused";
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Returns the IPv4 address that an IPv6 address embeds, or the address itself. Null when the embedded address
 * is unclear.
 */
function unwrap(address: Address): Address | null {
  if (address instanceof ipaddr.IPv4) return address;
  const parts = address.parts;
  const lastTwo = embedded(parts[6], parts[7]);
  const range = address.range();
  // IPv4-mapped, IPv4-translated, NAT64 and the deprecated "IPv4-compatible" form have it at the end.
  if (range === "ipv4Mapped" || range === "rfc6145") return lastTwo;
  if (range === "rfc6052") return parts[2] === 0 ? lastTwo : null;
  if (range === "unicast" && parts.slice(0, 6).every((part) => part === 0)) return lastTwo;
  if (range === "6to4") return embedded(parts[1], parts[2]);
  // ISATAP
  if (parts[5] === 0x5efe && ((parts[4] ?? 0) & 0xfdff) === 0) return lastTwo;
  return address;
}

function embedded(high = 0, low = 0): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
}

function contains(cidr: string, address: Address): boolean {
  if (!ipaddr.isValidCIDR(cidr)) return false;
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return network.kind() === address.kind() && address.match(network, bits);
}
