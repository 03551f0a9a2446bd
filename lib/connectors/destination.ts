import { canonicalHost } from "@/lib/egress/host";

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

/** Protocol, host and port, without TLS settings: the server counts refused sign-ins regardless of those. */
export function endpointOf(destination: Destination): string {
  return withoutParameters(destinationKey(destination));
}

/** The endpoint in a destination's key. */
export function withoutParameters(key: string): string {
  return key.replace(/\?.*$/, "");
}

const proved = "proved";

/** The key of the same destination with the value itself sent. An allowance for that covers a proof too. */
export function sentKey(key: string): string {
  const [endpoint = "", parameters = ""] = key.split("?");
  const others = parameters.split("&").filter((one) => one !== "" && one !== proved);
  return others.length > 0 ? `${endpoint}?${others.join("&")}` : endpoint;
}

/** The certificate authority in a destination's key: a secret's id and version, which is negative for a candidate. */
export function authorityOf(key: string): { id: string; version: number } | null {
  const [, id, version] = /[?&]ca=([\w-]+)\.(-?\d+)$/.exec(key) ?? [];
  return id === undefined ? null : { id, version: Number(version) };
}

/** The same destination with any version of its certificate authority. */
export function withoutAuthorityVersion(key: string): string {
  return key.replace(/([?&]ca=[\w-]+)\.-?\d+$/, "$1");
}

function protection({ protocol, tls, hostKey }: Endpoint): string[] {
  if (protocol === "sftp") return [`hostkey=${hostKey ?? "none"}`];
  // For these, the scheme already says whether the certificate is verified.
  if (protocol === "http" || protocol === "oauth-token") return [];
  if (protocol === "https" && tls === "verify-full") return [];
  return [`tls=${tls ?? "disable"}`];
}
