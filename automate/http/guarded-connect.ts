import dns, { type LookupAddress } from "node:dns";
import net from "node:net";
import { judge } from "@/lib/egress/judge";
import { automateEnv } from "@/lib/env";

/** A place that automate may not dial by its rules of egress, whoever asked for it. */
export class AddressRefused extends Error {
  override name = "AddressRefused";
}

/**
 * How automate's own few requests to the world are connected: certificates verified by the authorities that Node.js trusts
 * (NODE_EXTRA_CA_CERTS adds an operator's own), and only addresses that egress allows, judged as they were looked up. Throws `AddressRefused` for a host that is an address itself
 * and may not be dialled.
 */
export function guardedConnect(host: string) {
  const bare = host.replace(/^\[|\]$/g, "");
  const allowed = automateEnv().EGRESS_ALLOW;
  if (net.isIP(bare) !== 0 && judge(bare, allowed) === "refused") throw new AddressRefused();
  const lookup: net.LookupFunction = (name, options, done) => {
    dns.lookup(name, { ...options, all: true, verbatim: true }, (error, addresses: LookupAddress[]) => {
      // One bad address among good ones refuses the name: which one gets dialled must not be left to chance.
      const isRefused = addresses?.some(({ address }) => judge(address, allowed) === "refused");
      const [first] = addresses ?? [];
      if (error || isRefused || !first) return done(error ?? new AddressRefused(), "");
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
  return { lookup, timeout: 5_000, minVersion: "TLSv1.2" as const, rejectUnauthorized: true };
}
