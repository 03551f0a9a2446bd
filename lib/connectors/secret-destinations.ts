import type { Connector, MetadataByField } from "@/lib/connectors/define";
import { type Destination, destinationKey } from "@/lib/connectors/destination";
import { isNeverSent } from "@/lib/connectors/nested-reference";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";
import { canonicalHost } from "@/lib/egress/host";
import type { SubKind } from "@/lib/secrets/kinds/registry";

/** One or more destinations. Automate opens nothing without a destination. */
export type Destinations = readonly [string, ...string[]];

/** The data of a referenced secret that its destinations depend on. */
export type Referenced = {
  id: string;
  version: number;
  subKind: SubKind;
  metadata: { authHost?: string };
};

/** A secret of a connection, and the keys of the destinations that the connection sends it to. */
export type SecretWithDestinations<S extends Referenced> = {
  field: string;
  secret: S;
  destinations: Destinations;
};

/** The distinct keys, or null when the list is empty. */
export function atLeastOne(keys: readonly string[]): Destinations | null {
  const [first, ...rest] = new Set(keys);
  return first === undefined ? null : [first, ...rest];
}

/** The destinations of valid properties, and for each secret field the keys of its own destinations. */
export function destinationsOf<S extends Referenced>(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, S>>,
): { destinations: Destination[]; keysOf: (field: string) => Destinations | null; all: readonly string[] } {
  const destinations = connector.destinations(properties, metadataOf(secrets));
  const { caCertificate } = secrets;
  // The version is included: a new version of the CA certificate is a different authority.
  const authority = caCertificate && `${caCertificate.id}.${caCertificate.version}`;
  return {
    destinations,
    keysOf: (field) =>
      atLeastOne(
        destinations
          .filter((destination) => destination.secretFields.includes(field))
          .map((destination) =>
            destinationKey(destination, {
              // The CA certificate itself is public, so its destination does not depend on an authority.
              authority: field === "caCertificate" ? undefined : authority,
              isProved: destination.provedFields?.includes(field) ?? false,
            }),
          ),
      ),
    all: destinations.map((destination) => destinationKey(destination, { authority })),
  };
}

/**
 * Returns the secrets that a pipeline receives with a saved connection, each with its destinations. Null when
 * the properties name no readable destination.
 */
export function secretsOfConnection<S extends Referenced>(
  kind: string,
  properties: Readonly<Record<string, unknown>>,
  given: readonly { field: string; secret: S }[],
): SecretWithDestinations<S>[] | null {
  const { references, resolved } = resolveReferences(kind, properties, given);
  if (references.length === 0) return [];
  if (!resolved) return null;
  const { keysOf, all } = resolved;
  // A check may withhold a secret from an SFTP server whose host key nobody confirmed. A pipeline's driver
  // does not, so all destinations count.
  const sent = references.map(({ field, secret }) => {
    const destinations = keysOf(field) ?? atLeastOne(all);
    return destinations && { field, secret, destinations };
  });
  return sent.every((one) => one !== null) ? sent : null;
}

/**
 * All destinations that settings name, with or without a secret. Empty when they name no readable
 * destination.
 */
export function namedDestinations<S extends Referenced>(
  kind: string,
  properties: Readonly<Record<string, unknown>>,
  given: readonly { field: string; secret: S }[],
): readonly string[] {
  return resolveReferences(kind, properties, given).resolved?.all ?? [];
}

/** The references whose secrets go somewhere, and the destinations of the settings with them. */
function resolveReferences<S extends Referenced>(
  kind: string,
  properties: Readonly<Record<string, unknown>>,
  given: readonly { field: string; secret: S }[],
) {
  const references = given.filter(({ field }) => !isNeverSent(field));
  const connector = findConnector(kind);
  const ids = Object.fromEntries(references.map(({ field, secret }) => [field, secret.id]));
  const secrets = Object.fromEntries(references.map(({ field, secret }) => [field, secret]));
  return {
    references,
    resolved: connector && resolveDestinations(connector, { ...properties, ...ids }, secrets),
  };
}

/**
 * The destinations of settings that were valid when saved. If a rule became stricter since, for example for a
 * database's name, pipelines keep working while host and port are still valid.
 */
function resolveDestinations<S extends Referenced>(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, S>>,
) {
  const validated = validate(connector, properties);
  if (validated.ok) return destinationsOf(connector, validated.value, secrets);
  try {
    const resolved = destinationsOf(connector, properties, secrets);
    const isNamed = resolved.destinations.every(
      ({ host, port, hostField, portField }) =>
        // Clients disagree about the meaning of a refused host, so it names no destination.
        !Object.hasOwn(validated.fieldErrors, hostField) &&
        !Object.hasOwn(validated.fieldErrors, portField) &&
        typeof host === "string" &&
        canonicalHost(host) !== null &&
        port >= 1 &&
        port <= 65_535,
    );
    return isNamed ? resolved : null;
  } catch {
    // A connector may assume valid settings and throw; then no destination can be named.
    return null;
  }
}

/** The key of an M2M OAuth secret's token server, or null when its host is unknown. */
export function tokenServerOf({ authHost }: Referenced["metadata"]): string | null {
  return authHost === undefined ? null : `oauth-token://${authHost}`;
}

function metadataOf(secrets: Readonly<Record<string, Referenced>>): MetadataByField {
  return Object.fromEntries(
    Object.entries(secrets).map(([field, { subKind, metadata }]) => [
      field,
      { subKind, ...(metadata.authHost ? { authHost: metadata.authHost } : {}) },
    ]),
  );
}
