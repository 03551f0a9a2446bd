import { isLoopbackHost, parseHostPort } from "@/lib/egress/host";

/** The name of a protocol, and the port that goes without saying. */
const protocols: Readonly<Record<string, { name: string; port?: number }>> = {
  "oauth-token": { name: "Token server", port: 443 },
  https: { name: "HTTPS", port: 443 },
  http: { name: "HTTP", port: 80 },
  postgres: { name: "PostgreSQL" },
  redshift: { name: "Redshift" },
  mysql: { name: "MySQL" },
  tds: { name: "SQL Server" },
  oracle: { name: "Oracle" },
  hana: { name: "SAP HANA" },
  mongodb: { name: "MongoDB" },
  "mongodb+srv": { name: "MongoDB service" },
  sftp: { name: "SFTP", port: 22 },
  smtp: { name: "SMTP" },
  smtps: { name: "SMTP" },
};

/**
 * Formats a destination's key in words: "PostgreSQL db.example.com:5432, TLS, CA our_ca".
 * `authorities` maps `<id>.<version>` of a CA certificate to its name.
 */
export function formatDestination(key: string, authorities: Readonly<Record<string, string>> = {}): string {
  const [, scheme = "", endpoint = "", query = ""] = /^([^:]+):\/\/([^?]+)(?:\?(.*))?$/.exec(key) ?? [];
  if (endpoint === "") return key;
  const { name, port } = protocols[scheme] ?? { name: scheme };
  const shown = endpoint.endsWith(`:${port}`) ? endpoint.slice(0, -`:${port}`.length) : endpoint;
  const parameters = new Map(query.split("&").map((pair) => splitPair(pair)));
  return [`${name} ${shown}`, ...protectionOf(scheme, endpoint, parameters, authorities)].join(", ");
}

function protectionOf(
  scheme: string,
  endpoint: string,
  parameters: ReadonlyMap<string, string>,
  authorities: Readonly<Record<string, string>>,
): string[] {
  const authority = parameters.get("ca");
  const hostKey = parameters.get("hostkey");
  return [
    ...channelOf(scheme, endpoint, parameters.get("tls")),
    ...(authority === undefined ? [] : [authorityText(authorities[authority])]),
    ...(hostKey === undefined ? [] : [hostKey === "none" ? "host key not confirmed" : `host key ${hostKey}`]),
    ...(parameters.has("proved") ? ["the value itself is not sent"] : []),
  ];
}

function channelOf(scheme: string, endpoint: string, mode: string | undefined): string[] {
  if (mode === "require") return ["TLS, certificate not verified"];
  if (mode === "disable" || scheme === "http") return ["no encryption"];
  if (mode === "verify-full") return ["TLS"];
  // Only on this machine may a token server be without TLS, and the key does not say which it is.
  const isRemoteTokenServer =
    scheme === "oauth-token" && !isLoopbackHost(parseHostPort(endpoint)?.host ?? "");
  return isRemoteTokenServer ? ["TLS"] : [];
}

function authorityText(name: string | undefined): string {
  return name === undefined ? "own CA certificate" : `CA ${name}`;
}

function splitPair(pair: string): [string, string] {
  const index = pair.indexOf("=");
  return index < 0 ? [pair, ""] : [pair.slice(0, index), pair.slice(index + 1)];
}
