import { createHash } from "node:crypto";
import dns, { type LookupAddress } from "node:dns";
import net from "node:net";
import tls from "node:tls";
import { judge } from "@/lib/egress/judge";
import { automateEnv } from "@/lib/env";

const minVersion = "TLSv1.2" as const;

/** The egress rules do not allow automate to connect to this address. */
export class AddressRefused extends Error {
  override name = "AddressRefused";
}

/**
 * Options for automate's own few outgoing connections. They verify certificates by the authorities of
 * Node.js, to which NODE_EXTRA_CA_CERTS adds an operator's own, and by `authorities` in PEM. They connect only to addresses that the egress rules
 * allow for this URL's port, checked on the looked-up address. Use them for this URL only. Throws
 * `AddressRefused` for a host that is itself a forbidden address.
 */
export function guardedConnect({ hostname, protocol, port }: URL, authorities: readonly string[] = []) {
  const host = hostname.replace(/^\[|\]$/g, "");
  const allowed = automateEnv().EGRESS_ALLOW;
  const dialledPort = Number(port || (protocol === "http:" ? 80 : 443));
  const isForbidden = (address: string) => judge(address, dialledPort, allowed) === "refused";
  if (net.isIP(host) !== 0 && isForbidden(host)) throw new AddressRefused();
  const lookup: net.LookupFunction = (name, options, done) => {
    dns.lookup(name, { ...options, all: true, verbatim: true }, (error, addresses: LookupAddress[]) => {
      // One forbidden address refuses the name. Otherwise an attacker's DNS could mix addresses and hope for
      // the forbidden one.
      const isRefused = addresses?.some(({ address }) => isForbidden(address));
      const [first] = addresses ?? [];
      if (error || isRefused || !first) return done(error ?? new AddressRefused(), "");
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
  const trusted = authorities.length > 0 ? { secureContext: contextOf(authorities) } : {};
  return { lookup, timeout: 5_000, minVersion, rejectUnauthorized: true, ...trusted };
}

/** The most recent contexts with authorities of connections: parsing the public ones takes some 10 ms each time. */
const contexts = new Map<string, tls.SecureContext>();
const maxContexts = 16;

function contextOf(authorities: readonly string[]): tls.SecureContext {
  const key = createHash("sha256").update(authorities.join()).digest("base64url");
  const ca = [...tls.getCACertificates("default"), ...authorities];
  const context = contexts.get(key) ?? tls.createSecureContext({ ca, minVersion });
  contexts.delete(key);
  contexts.set(key, context);
  for (const [oldest] of contexts) if (contexts.size > maxContexts) contexts.delete(oldest);
  return context;
}
