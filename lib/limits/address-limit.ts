import { hash } from "node:crypto";
import ipaddr from "ipaddr.js";
import { secondsToNextMinute } from "@/lib/limits/minute";

/** Addresses and credentials that one copy of a program remembers. */
const maxKept = 20_000;

/**
 * Whether a request may look up its credential, or in how many seconds to retry. The caller reports whether the
 * credential was valid, unless it cannot know.
 */
export type Counted = { ok: true; proven(): void; rejected(): void } | { ok: false; seconds: number };

/**
 * Limits requests of one address without a valid credential, per minute, in this copy of a program. It needs no
 * database, because a stranger must not cause writes.
 * A credential that was valid the last time passes without a limit, so that a stranger behind the same address
 * cannot keep its holder out.
 */
export function createAddressLimit(perMinute: number) {
  let window = { minute: 0, counts: new Map<string, number>() };
  const known = new Set<string>();

  return {
    perMinute,
    /** Counts a request of an address. `credential` is null when it has none. */
    count(address: string, credential: string | null): Counted {
      const digest = credential === null ? "" : hash("sha256", credential, "base64url");
      if (known.has(digest)) return { ok: true, proven: () => {}, rejected: () => known.delete(digest) };
      const minute = Math.floor(Date.now() / 60_000);
      if (window.minute !== minute) window = { minute, counts: new Map() };
      const { counts } = window;
      const key = addressKey(address);
      const before = counts.get(key) ?? 0;
      if (before >= perMinute) return { ok: false, seconds: secondsToNextMinute() };
      makeRoom(counts);
      counts.set(key, before + 1);
      return {
        ok: true,
        proven() {
          counts.set(key, Math.max(0, (counts.get(key) ?? 0) - 1));
          if (credential === null) return;
          makeRoom(known);
          known.add(digest);
        },
        // It is counted already.
        rejected: () => {},
      };
    },
  };
}

export type AddressLimit = ReturnType<typeof createAddressLimit>;

/** Forgets the oldest entry of a full collection: an attacker with many addresses must not fill the memory. */
function makeRoom(kept: Map<string, unknown> | Set<string>): void {
  if (kept.size < maxKept) return;
  const [oldest] = kept.keys();
  if (oldest !== undefined) kept.delete(oldest);
}

/** The key of an address: all of IPv4, and the /64 of IPv6 within which a client picks its own. */
export function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return "unknown";
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4"
    ? parsed.toString()
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/64`)}/64`;
}
