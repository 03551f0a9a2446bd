/** How the channel is protected: certificate and name verified, only encrypted, or neither. */
export type TlsMode = "verify-full" | "require" | "disable";

/** A destination of secrets. */
export type Destination = {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsMode;
  /** For SSH, instead of TLS: the confirmed host key fingerprint, if any. */
  readonly hostKey?: string;
  /** The host stands for the members in its SRV record, all within its own domain. */
  readonly srv?: true;
  /** The form fields in which a wrong host or port is corrected. */
  readonly hostField: string;
  readonly portField: string;
  /** The fields whose secrets go there. Empty while none may be sent. */
  readonly secretFields: readonly string[];
  /**
   * Those secret fields whose value stays in the client, which signs with it or uses it to get a token
   * elsewhere.
   */
  readonly provedFields?: readonly string[];
};

/** The same destination, with all of its secrets proved instead of sent. */
export function provedAt(destination: Destination): Destination {
  return { ...destination, provedFields: destination.secretFields };
}

/**
 * An https destination that always verifies the certificate. `field` is the form field in which a wrong host
 * is corrected.
 */
export function httpsDestination(
  host: string,
  field: string,
  secretFields: readonly string[],
  port = 443,
): Destination {
  return {
    protocol: "https",
    host,
    port,
    tls: "verify-full",
    hostField: field,
    portField: field,
    secretFields,
  };
}

type Endpoint = Pick<Destination, "protocol" | "host" | "port" | "tls" | "hostKey">;

/**
 * The canonical key of a destination, by which Selvage stores and compares allowances. A different host,
 * port, protocol, TLS mode, host key or certificate authority gives a different key; a different spelling of
 * the host does not.
 * The key also marks a secret that is only proved. Otherwise a colleague could use another kind of connection
 * to send the value itself there.
 */
export function destinationKey(
  destination: Endpoint,
  { authority, isProved = false }: { authority?: string | undefined; isProved?: boolean } = {},
): string {
  const host = canonicalHost(destination.host) ?? destination.host;
  const shown = host.includes(":") ? `[${host}]` : host;
  // An attacker who chooses the trusted authority can impersonate the server.
  const hasAuthority = authority !== undefined && destination.tls === "verify-full";
  const parameters = [
    ...protection(destination),
    ...(isProved ? [proved] : []),
    ...(hasAuthority ? [`ca=${authority}`] : []),
  ];
  const key = `${destination.protocol}://${shown}:${destination.port}`;
  return parameters.length > 0 ? `${key}?${parameters.join("&")}` : key;
}

const proved = "proved";

/** The key of the same destination with the value itself sent. An allowance for that covers a proof too. */
export function sentKey(key: string): string {
  const [endpoint = "", parameters = ""] = key.split("?");
  const others = parameters.split("&").filter((one) => one !== "" && one !== proved);
  return others.length > 0 ? `${endpoint}?${others.join("&")}` : endpoint;
}

/** The certificate authority in a destination's key: a secret's id and version. */
export function authorityOf(key: string): { id: string; version: number } | null {
  const [, id, version] = /[?&]ca=([\w-]+)\.(\d+)$/.exec(key) ?? [];
  return id === undefined ? null : { id, version: Number(version) };
}

function protection({ protocol, tls, hostKey }: Endpoint): string[] {
  if (protocol === "sftp") return [`hostkey=${hostKey ?? "none"}`];
  // For these, the scheme already says whether the certificate is verified.
  if (protocol === "http" || protocol === "oauth-token") return [];
  if (protocol === "https" && tls === "verify-full") return [];
  return [`tls=${tls ?? "disable"}`];
}

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

/** Whether a host names this machine. Only there may a sign-in go without TLS. */
export function isLoopbackHost(host: string): boolean {
  const canonical = canonicalHost(host) ?? "";
  return canonical === "localhost" || canonical === "::1" || /^127(\.\d+){3}$/.test(canonical);
}
