/**
 * Formats a destination's key for people: "db.example.com:5432 (postgres, certificate not verified)".
 * `authorities` maps `<id>.<version>` of a CA certificate to its description.
 */
export function formatDestination(key: string, authorities: Readonly<Record<string, string>> = {}): string {
  const match = /^([^:]+):\/\/([^?]+)(?:\?(.*))?$/.exec(key);
  const [protocol, endpoint] = [match?.[1], match?.[2]];
  if (protocol === undefined || endpoint === undefined) return key;
  const parameters = new Map((match?.[3] ?? "").split("&").map((pair) => splitPair(pair)));
  const notes = [nameOf(protocol), ...protectionOf(parameters, authorities)].filter((note) => note !== "");
  const shown = protocol === "http" || protocol === "https" ? `${protocol}://${endpoint}` : endpoint;
  return notes.length > 0 ? `${shown} (${notes.join(", ")})` : shown;
}

function nameOf(protocol: string): string {
  if (protocol === "oauth-token") return "token server";
  return protocol === "http" || protocol === "https" ? "" : protocol;
}

function protectionOf(
  parameters: ReadonlyMap<string, string>,
  authorities: Readonly<Record<string, string>>,
): string[] {
  const notes: string[] = [];
  if (parameters.get("tls") === "require") notes.push("certificate not verified");
  if (parameters.get("tls") === "disable") notes.push("no encryption");
  const authority = parameters.get("ca");
  if (authority !== undefined) {
    const description = authorities[authority];
    notes.push(description === undefined ? "own CA certificate" : `own CA certificate ${description}`);
  }
  if (parameters.has("proved")) notes.push("the value itself is not sent");
  const hostKey = parameters.get("hostkey");
  if (hostKey === "none") notes.push("host key not confirmed");
  else if (hostKey) notes.push(`host key ${hostKey}`);
  return notes;
}

function splitPair(pair: string): [string, string] {
  const index = pair.indexOf("=");
  return index < 0 ? [pair, ""] : [pair.slice(0, index), pair.slice(index + 1)];
}
