/**
 * The canonical spelling of a host: lower case, no trailing dot, no brackets, punycode, and numbers such as
 * 0x7f.1 as IP address.
 * Returns null for anything else. WHATWG URLs allow hosts such as `a;host=b`, which would inject a second
 * setting into a connection string.
 */
export function canonicalHost(host: string): string | null {
  const bare = unbracketed(host.trim());
  // No valid name is longer. The limit also stops an attacker from slowing down the code below with long
  // input.
  if (bare === "" || bare.length > 253 || /[\s/\\?#@%,[\]]/.test(bare)) return null;
  const isV6 = bare.includes(":");
  const url = `http://${isV6 ? `[${bare}]` : bare}`;
  if (!URL.canParse(url)) return null;
  const { hostname } = new URL(url);
  const canonical = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return isV6 || canonical.split(".").every(isLabel) ? canonical : null;
}

/** Removes brackets around an IPv6 address. */
function unbracketed(host: string): string {
  const inside = /^\[(.*:.*)\]$/.exec(host)?.[1];
  return inside ?? host;
}

/**
 * RFC 1123, plus underscores, which container networks use. Refuses a leading dash, which command lines read
 * as an option.
 */
function isLabel(label: string): boolean {
  return /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label);
}

/**
 * True for a host whose meaning all clients agree on.
 * Clients disagree on addresses such as 010.0.0.1 or 0x7f.1 and on equivalent characters. A client must not
 * go to another host than the allowed one.
 */
export function isPlainHost(host: string): boolean {
  const canonical = canonicalHost(host);
  if (canonical === null || !/^[\p{L}\p{M}\p{Nd}_.:[\]-]+$/u.test(host)) return false;
  // IDNA 2003 clients, such as Java and Python, map faß.de to fass.de. Others use xn--fa-hia.de, the host
  // that would be allowed.
  const lower = host.normalize("NFC").toLowerCase();
  if (/[ßς]/.test(lower) || lower.normalize("NFKC") !== lower) return false;
  return !/^\d+(?:\.\d+){3}$/.test(canonical) || host.replace(/\.$/, "") === canonical;
}

/**
 * The host as written in a web address. Null if the address has user information or a fragment, or is
 * otherwise not accepted.
 */
export function writtenHost(address: string): string | null {
  const [, host = ""] =
    /^https?:\/\/(\[[^\s/?#\\@[\]]*\]|[^\s/?#\\@:[\]]+)(?::\d{1,5})?(?:[/?][^\s#\\]*)?$/i.exec(address) ?? [];
  return URL.canParse(address) && isPlainHost(host) ? host : null;
}

/** Parses "host:port", the metadata of an Auth URL; null if invalid. */
export function parseHostPort(text: string): { host: string; port: number } | null {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const host = match?.[1] === undefined ? null : canonicalHost(match[1]);
  const port = Number(match?.[2]);
  return host !== null && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/**
 * "host:port" of an http(s) address in canonical spelling: the metadata of an M2M OAuth secret's Auth URL.
 */
export function hostPortOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, hostname, port } = new URL(address);
  const host = canonicalHost(hostname);
  if (host === null || (protocol !== "https:" && protocol !== "http:")) return null;
  return `${host.includes(":") ? `[${host}]` : host}:${port || (protocol === "https:" ? "443" : "80")}`;
}

/** True if a host names this machine. Only there may a sign-in go without TLS. */
export function isLoopbackHost(host: string): boolean {
  const canonical = canonicalHost(host) ?? "";
  return canonical === "localhost" || canonical === "::1" || /^127(\.\d+){3}$/.test(canonical);
}
