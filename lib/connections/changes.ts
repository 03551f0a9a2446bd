import { isDeepStrictEqual } from "node:util";
import type { Connector } from "@/lib/connectors/define";
import { validate } from "@/lib/connectors/validate";

type Settings = {
  name: string;
  description: string;
  properties: object;
  references: readonly { field: string; secretId: string }[];
};

/**
 * Describes an edit of a connection for the audit log: the changed fields, the old and new hosts, and the ids
 * of exchanged secrets.
 * Includes no other text that a user entered.
 */
export function changesOf(
  connector: Connector,
  before: Settings,
  after: Settings,
): Record<string, string | string[]> {
  const [from, to] = [allOf(before), allOf(after)];
  const fields = [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((field) => !isDeepStrictEqual(from[field], to[field]))
    .sort();
  const [fromHost, toHost] = [hostsOf(connector, before), hostsOf(connector, after)];
  const isOther = ({ references }: Settings, { field, secretId }: Settings["references"][number]) =>
    !references.some((one) => one.field === field && one.secretId === secretId);
  const fromSecretIds = before.references
    .filter((one) => isOther(after, one))
    .map(({ secretId }) => secretId);
  const toSecretIds = after.references.filter((one) => isOther(before, one)).map(({ secretId }) => secretId);
  return {
    fields,
    ...(before.name === after.name ? {} : { from: before.name, to: after.name }),
    ...(fromHost === toHost ? {} : { fromHost, toHost }),
    ...(fromSecretIds.length > 0 ? { fromSecretIds } : {}),
    ...(toSecretIds.length > 0 ? { toSecretIds } : {}),
  };
}

function allOf({ name, description, properties, references }: Settings): Record<string, unknown> {
  return {
    name,
    description,
    ...properties,
    ...Object.fromEntries(references.map(({ field, secretId }) => [field, secretId])),
  };
}

/** host:port of each destination. Omits a token server: it belongs to the secret, not to the connection. */
function hostsOf(connector: Connector, { properties, references }: Settings): string {
  const ids = Object.fromEntries(references.map(({ field, secretId }) => [field, secretId]));
  const validated = validate(connector, { ...properties, ...ids });
  if (!validated.ok) return "";
  return connector
    .destinations(validated.value, {})
    .map(({ host, port }) => `${host}:${port}`)
    .join(", ");
}
