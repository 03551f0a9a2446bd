/** How the channel is protected: the certificate verified against the name, encrypted only, or not at all. */
export type TlsMode = "verify-full" | "require" | "disable";

/** A place that secrets are sent to. */
export type Destination = {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsMode;
  /** For SSH, in place of TLS: the confirmed fingerprint, or none yet. */
  readonly hostKey?: string;
  /** The host stands for the members that its SRV record names, all of its own domain. */
  readonly srv?: true;
  /** The fields that a wrong host or a wrong port is corrected in. */
  readonly hostField: string;
  readonly portField: string;
  /** The fields whose secrets go there; empty where nothing may be sent yet. */
  readonly secretFields: readonly string[];
  /** Those of them whose value stays in the client, which signs with it or buys a token elsewhere. */
  readonly provedFields?: readonly string[];
};

/** The same place, where every secret is proved and none is sent. */
export function provedAt(place: Destination): Destination {
  return { ...place, provedFields: place.secretFields };
}

/** A service on the web, its certificate always verified; `field` is where a wrong host is corrected. */
export function httpsPlace(
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

type Place = Pick<Destination, "protocol" | "host" | "port" | "tls" | "hostKey">;

/**
 * The canonical name of a destination, which allowances are stored and compared by: another host, port, protocol,
 * TLS mode, host key or certificate authority is another destination, another spelling of the same host is not.
 * Where a secret is only proved, its value may not be sent: a colleague could have another kind of connection do so.
 */
export function destinationKey(
  destination: Place,
  { authority, isProved = false }: { authority?: string | undefined; isProved?: boolean } = {},
): string {
  const host = canonicalHost(destination.host) ?? destination.host;
  const shown = host.includes(":") ? `[${host}]` : host;
  // Whoever chooses which authority is trusted can stand in for the server.
  const isVouchedFor = authority !== undefined && destination.tls === "verify-full";
  const parameters = [
    ...protection(destination),
    ...(isProved ? [proved] : []),
    ...(isVouchedFor ? [`ca=${authority}`] : []),
  ];
  const key = `${destination.protocol}://${shown}:${destination.port}`;
  return parameters.length > 0 ? `${key}?${parameters.join("&")}` : key;
}

const proved = "proved";

/** The key of the same destination where the value itself may be sent: whoever allows that allows a proof as well. */
export function sentKey(key: string): string {
  const [place = "", parameters = ""] = key.split("?");
  const rest = parameters.split("&").filter((one) => one !== "" && one !== proved);
  return rest.length > 0 ? `${place}?${rest.join("&")}` : place;
}

/** The certificate authority that vouches for a destination, from its key: a secret and its version. */
export function authorityOf(key: string): { id: string; version: number } | null {
  const [, id, version] = /[?&]ca=([\w-]+)\.(\d+)$/.exec(key) ?? [];
  return id === undefined ? null : { id, version: Number(version) };
}

function protection({ protocol, tls, hostKey }: Place): string[] {
  if (protocol === "sftp") return [`hostkey=${hostKey ?? "none"}`];
  // The scheme of these says already that the certificate is verified, or that there is none.
  if (protocol === "http" || protocol === "oauth-token") return [];
  if (protocol === "https" && tls === "verify-full") return [];
  return [`tls=${tls ?? "disable"}`];
}

/**
 * A host in its one spelling: lower case, no trailing dot, no brackets, other scripts as punycode and numbers such as
 * 0x7f.1 as the address they mean. Null for what is no host name and no address: WHATWG URLs have hosts such as
 * `a;host=b`, which clients that build connection strings read as two settings.
 */
export function canonicalHost(host: string): string | null {
  const bare = unbracketed(host.trim());
  // No name is longer, and what follows must not be slow for whoever sends one that is.
  if (bare === "" || bare.length > 253 || /[\s/\\?#@%,[\]]/.test(bare)) return null;
  const isV6 = bare.includes(":");
  const url = `http://${isV6 ? `[${bare}]` : bare}`;
  if (!URL.canParse(url)) return null;
  const { hostname } = new URL(url);
  const canonical = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return isV6 || canonical.split(".").every(isLabel) ? canonical : null;
}

/** What stands in brackets is an address of IPv6, or no host. */
function unbracketed(host: string): string {
  const inside = /^\[(.*:.*)\]$/.exec(host)?.[1];
  return inside ?? host;
}

/** RFC 1123, and underscores, which services of container networks have. A dash in front is an option of a command line. */
function isLabel(label: string): boolean {
  return /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label);
}

/**
 * True for a host as people write it. Clients disagree about which address 010.0.0.1 or 0x7f.1 is, and about characters
 * that stand for others: what Selvage allows must be where a client goes.
 */
export function isPlainHost(host: string): boolean {
  const canonical = canonicalHost(host);
  if (canonical === null || !/^[\p{L}\p{M}\p{Nd}_.:[\]-]+$/u.test(host)) return false;
  // Clients of IDNA 2003, such as Java and Python, go to fass.de for faß.de; others to xn--fa-hia.de, which is allowed then.
  const lower = host.normalize("NFC").toLowerCase();
  if (/[ßς]/.test(lower) || lower.normalize("NFKC") !== lower) return false;
  return !/^\d+(?:\.\d+){3}$/.test(canonical) || host.replace(/\.$/, "") === canonical;
}

/** The host as it is written in a web address without user information or fragment; null for any other address. */
export function writtenHost(address: string): string | null {
  const [, host = ""] =
    /^https?:\/\/(\[[^\s/?#\\@[\]]*\]|[^\s/?#\\@:[\]]+)(?::\d{1,5})?(?:[/?][^\s#\\]*)?$/i.exec(address) ?? [];
  return URL.canParse(address) && isPlainHost(host) ? host : null;
}

/** "host:port", as kept in clear of an Auth URL, read back; null when it is not that. */
export function parseHostPort(text: string): { host: string; port: number } | null {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const host = match?.[1] === undefined ? null : canonicalHost(match[1]);
  const port = Number(match?.[2]);
  return host !== null && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** "host:port" of an http(s) address, in canonical spelling: what is kept in clear of an M2M OAuth secret's Auth URL. */
export function hostPortOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, hostname, port } = new URL(address);
  const host = canonicalHost(hostname);
  if (host === null || (protocol !== "https:" && protocol !== "http:")) return null;
  return `${host.includes(":") ? `[${host}]` : host}:${port || (protocol === "https:" ? "443" : "80")}`;
}

/** Whether a host names this machine, where sign-in without TLS is tolerated. */
export function isLoopbackHost(host: string): boolean {
  const canonical = canonicalHost(host) ?? "";
  return canonical === "localhost" || canonical === "::1" || /^127(\.\d+){3}$/.test(canonical);
}
