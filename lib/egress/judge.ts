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
 * Whether a check may dial this address and port. Prevents SSRF:
 * - Public addresses: allowed.
 * - Cloud metadata, link-local, multicast, unspecified and reserved addresses: never allowed.
 * - Loopback and private addresses: allowed only by one of the `allowed` entries.
 */
export function judge(address: string, port: number, allowed: readonly string[]): "allowed" | "refused" {
  if (!ipaddr.isValid(address) || address.includes("%")) return "refused";
  const target = unwrap(ipaddr.parse(address));
  if (target === null || metadataAddresses.has(target.toString())) return "refused";
  const range = target.range();
  if (range === "unicast") return "allowed";
  return openable.has(range) && allowed.some((entry) => opens(entry, target, port)) ? "allowed" : "refused";
}

/**
 * True for a valid entry of EGRESS_ALLOW: a CIDR range such as 10.0.0.0/8 opens all its ports, and
 * 10.0.0.0/8:5432 or ::1/128:5432 only that one.
 */
export function isEntry(text: string): boolean {
  return parseEntry(text) !== null;
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

function opens(entry: string, address: Address, port: number): boolean {
  const { network, bits, onlyPort } = parseEntry(entry) ?? {};
  if (network === undefined || bits === undefined || network.kind() !== address.kind()) return false;
  return address.match(network, bits) && (onlyPort === undefined || onlyPort === port);
}

function parseEntry(text: string): { network: Address; bits: number; onlyPort: number | undefined } | null {
  const [, cidr = "", port] = /^([\da-f.:]+\/\d+)(?::([1-9]\d{0,4}))?$/i.exec(text) ?? [];
  const onlyPort = port === undefined ? undefined : Number(port);
  // Clients disagree about addresses such as 0177.0.0.1 and 127.1.
  const isValid = ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr) || ipaddr.IPv6.isValidCIDR(cidr);
  if (!isValid || (onlyPort ?? 0) > 65_535) return null;
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return { network, bits, onlyPort };
}
