type Properties = Readonly<Record<string, unknown>>;

/**
 * Where the documented API has the secret of a knowledge graph's indexer: the one reference inside another property. It
 * is stored for API clients, and the secret counts as used. Selvage itself never opens the secret for it.
 */
export const indexerSecretPath = "kgConfig.authProperties.clientSecret";

/** A field with this character is a nested reference, which is never sent. Queries compare it, too. */
export const nestedMark = ".";

/** True for a reference that is stored for API clients only: its secret goes to no destination. */
export function isNeverSent(field: string): boolean {
  return field.includes(nestedMark);
}

/** The member at a path such as `kgConfig.enabled`; undefined when an object on the way is missing. */
export function memberAt(properties: Properties, path: string): unknown {
  return path.split(".").reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), properties);
}

/** A copy with this member at a path. `undefined` removes it. */
export function withMember(properties: Properties, path: string, value: unknown): Record<string, unknown> {
  const [name = "", ...rest] = path.split(".");
  const { [name]: former, ...others } = properties;
  const next = rest.length === 0 ? value : withMember(isObject(former) ? former : {}, rest.join("."), value);
  return next === undefined ? others : { ...others, [name]: next };
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
