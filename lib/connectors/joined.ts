import { type Connector, type FactsByField, openFields, type SubKind } from "@/lib/connectors/define";
import { canonicalHost, type Destination, destinationKey } from "@/lib/connectors/destination";
import { findConnector } from "@/lib/connectors/registry";
import { validate } from "@/lib/connectors/validate";

/** Destinations, at least one: nothing is opened for a purpose that names none. */
export type Destinations = readonly [string, ...string[]];

/** What destinations depend on of a referenced secret. */
export type Referenced = {
  id: string;
  version: number;
  subKind: SubKind;
  facts: { authHost?: string };
};

/** A secret of a connection, and the keys of the destinations that the connection joins it to. */
export type Joined<S extends Referenced> = { field: string; secret: S; destinations: Destinations };

/** The list if it has an element, for what needs one. */
export function atLeastOne(keys: readonly string[]): Destinations | null {
  const [first, ...rest] = new Set(keys);
  return first === undefined ? null : [first, ...rest];
}

/** Where these valid properties lead: every destination, and for each field with a secret the keys of its own. */
export function destinationsOf<S extends Referenced>(
  connector: Connector,
  properties: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, S>>,
): { destinations: Destination[]; keysOf: (field: string) => Destinations | null; all: readonly string[] } {
  const destinations = connector.destinations(properties, factsOf(secrets));
  const { caCertificate } = secrets;
  // Another version of the certificate authority is another authority.
  const authority = caCertificate && `${caCertificate.id}.${caCertificate.version}`;
  return {
    destinations,
    keysOf: (field) =>
      atLeastOne(
        destinations
          .filter((place) => place.secretFields.includes(field))
          .map((place) =>
            destinationKey(place, {
              // The authority itself is public.
              authority: field === "caCertificate" ? undefined : authority,
              isProved: place.provedFields?.includes(field) ?? false,
            }),
          ),
      ),
    all: destinations.map((place) => destinationKey(place, { authority })),
  };
}

/**
 * What a pipeline receives together when it reads a saved connection: each secret, and where its driver takes it. Null when
 * the properties lead nowhere that can be named.
 */
export function joinConnection<S extends Referenced>(
  kind: string,
  properties: Readonly<Record<string, unknown>>,
  references: readonly { field: string; secret: S }[],
): Joined<S>[] | null {
  if (references.length === 0) return [];
  const connector = findConnector(kind);
  if (!connector) return null;
  const ids = Object.fromEntries(references.map(({ field, secret }) => [field, secret.id]));
  const secrets = Object.fromEntries(references.map(({ field, secret }) => [field, secret]));
  const found = placesOf(connector, { ...properties, ...ids }, secrets);
  if (!found) return null;
  const { keysOf, all } = found;
  // A check may hold a secret back, of an SFTP server whose host key nobody confirmed; a pipeline's driver does not.
  const joined = references.map(({ field, secret }) => {
    const destinations = keysOf(field) ?? atLeastOne(all);
    return destinations && { field, secret, destinations };
  });
  return joined.every((one) => one !== null) ? joined : null;
}

/** Every place that settings name, with a secret or without one; none where they name no place that can be read. */
export function placesNamed<S extends Referenced>(
  kind: string,
  properties: Readonly<Record<string, unknown>>,
  references: readonly { field: string; secret: S }[],
): readonly string[] {
  const connector = findConnector(kind);
  const ids = Object.fromEntries(references.map(({ field, secret }) => [field, secret.id]));
  const secrets = Object.fromEntries(references.map(({ field, secret }) => [field, secret]));
  return (connector && placesOf(connector, { ...properties, ...ids }, secrets)?.all) ?? [];
}

/**
 * The destinations of settings that were valid when they were saved. A rule that became stricter since, for a database's name say,
 * stops no pipeline while host and port can be named.
 */
function placesOf<S extends Referenced>(
  connector: Connector,
  given: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, S>>,
) {
  const validated = validate(connector, given);
  if (validated.ok) return destinationsOf(connector, validated.value, secrets);
  try {
    const found = destinationsOf(connector, given, secrets);
    const isNamed = found.destinations.every(
      ({ host, port, hostField, portField }) =>
        // A host that was refused leads where each client reads it.
        !Object.hasOwn(validated.fieldErrors, hostField) &&
        !Object.hasOwn(validated.fieldErrors, portField) &&
        typeof host === "string" &&
        canonicalHost(host) !== null &&
        port >= 1 &&
        port <= 65_535,
    );
    return isNamed ? found : null;
  } catch {
    // A connector may expect valid settings: an address that cannot be read is one that cannot be named.
    return null;
  }
}

/** The key of the token server of an M2M OAuth secret, or null when its host is not known. */
export function tokenServerOf({ authHost }: Referenced["facts"]): string | null {
  return authHost === undefined ? null : `oauth-token://${authHost}`;
}

function factsOf(secrets: Readonly<Record<string, Referenced>>): FactsByField {
  return Object.fromEntries(
    Object.entries(secrets).map(([field, { subKind, facts }]) => [
      field,
      { subKind, ...(facts.authHost ? { authHost: facts.authHost } : {}) },
    ]),
  );
}

/** Which sealed fields of a secret a check or a connection needs. */
export function fieldsOf({ subKind }: Referenced): readonly string[] {
  return openFields[subKind];
}
