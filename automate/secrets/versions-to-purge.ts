/** A stored version of one secret. */
export type StoredVersion = {
  version: number;
  /** Field → the version that last set it. */
  manifest: Readonly<Record<string, number>>;
  /** True when it was stored more than a day ago, by the database's clock. */
  isAged: boolean;
};

/** A destination that one version of the secret may be sent to. */
export type StoredAllowance = { version: number; destination: string };

/** The versions of one secret to purge, oldest first. */
export type Purging = {
  /** Versions whose rows go, with all their values. */
  remove: number[];
  /** Versions whose row stays, because it says who entered what is still used. Their other values go. */
  empty: number[];
  /** The values that stay, also of these versions, by `keyOf`. */
  keptValues: ReadonlySet<string>;
  /** The same for allowed destinations. */
  keptAllowances: ReadonlySet<string>;
};

/**
 * The rule of purging, for one secret of a fabric that keeps `formerVersions`. A promoted candidate, which has a
 * negative number, stays while a readable version names it.
 *
 * A version stays readable while it is the current one or one of that many before it, and for a day longer. Then
 * it is purged, except for what readable versions still use:
 *
 * - a value that a readable version's manifest names;
 * - the row of a version that set such a value, which says who entered it;
 * - the row of the first version, whose author may renew a certificate authority;
 * - the rows that say who first allowed a destination that is still allowed, and who had entered that value.
 */
export function versionsToPurge(
  versions: readonly StoredVersion[],
  allowances: readonly StoredAllowance[],
  formerVersions: number,
): Purging {
  const aged = Math.max(0, ...versions.filter(({ isAged }) => isAged).map(({ version }) => version));
  const oldestReadable = aged - formerVersions;
  const readable = versions.filter(({ version }) => version >= oldestReadable);
  const unread = versions.filter(({ version }) => version < oldestReadable);
  const setters = readable.flatMap(({ manifest }) => Object.entries(manifest));
  const first = firstAllowances(allowances, oldestReadable);
  const manifests = new Map(versions.map(({ version, manifest }) => [version, manifest]));
  const stays = new Set([
    1,
    ...setters.map(([, version]) => version),
    ...first.flatMap(({ version }) => [version, ...Object.values(manifests.get(version) ?? {})]),
  ]);
  const numbers = unread.map(({ version }) => version).sort((one, other) => one - other);
  return {
    remove: numbers.filter((version) => !stays.has(version)),
    empty: numbers.filter((version) => stays.has(version)),
    keptValues: new Set(setters.map(([field, version]) => keyOf(field, version))),
    keptAllowances: new Set(first.map(({ destination, version }) => keyOf(destination, version))),
  };
}

/** The key of a field or destination of one version. */
export function keyOf(fieldOrDestination: string, version: number): string {
  return `${version} ${fieldOrDestination}`;
}

/**
 * For each destination of a readable version, the allowance that was first. Replacing a value asks who allowed it,
 * and who had entered that value: a colleague's own server must not be kept for a value that others enter.
 */
function firstAllowances(
  allowances: readonly StoredAllowance[],
  oldestReadable: number,
): { destination: string; version: number }[] {
  const first = new Map<string, number>();
  for (const { destination, version } of allowances)
    first.set(destination, Math.min(version, first.get(destination) ?? version));
  const used = new Set(
    allowances.filter(({ version }) => version >= oldestReadable).map(({ destination }) => destination),
  );
  return [...first].flatMap(([destination, version]) =>
    used.has(destination) ? [{ destination, version }] : [],
  );
}
