import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  keyOf,
  type StoredAllowance,
  type StoredVersion,
  versionsToPurge,
} from "@/automate/secrets/versions-to-purge";

const fields = ["username", "password"] as const;
type Replacement = { sets: readonly string[]; allows: readonly string[] };
/** The stored rows of one secret: versions, values by `keyOf`, and allowances. */
type Stored = { versions: StoredVersion[]; values: Set<string>; allowances: StoredAllowance[] };

/** The rows after these replacements, of which the first `aged` are more than a day old. */
function store(replacements: readonly Replacement[], aged: number): Stored {
  const stored: Stored = { versions: [], values: new Set(), allowances: [] };
  let manifest: Record<string, number> = {};
  for (const [index, { sets, allows }] of replacements.entries()) {
    const version = index + 1;
    const names = version === 1 ? fields : sets;
    manifest = { ...manifest, ...Object.fromEntries(names.map((field) => [field, version])) };
    stored.versions.push({ version, manifest, isAged: version <= aged });
    for (const field of names) stored.values.add(keyOf(field, version));
    for (const destination of allows) stored.allowances.push({ version, destination });
  }
  return stored;
}

/** The versions that remain after a purge, as the database would store them. */
function purged(stored: Stored, formerVersions: number): Stored {
  const { remove, empty, keptValues, keptAllowances } = versionsToPurge(
    stored.versions,
    stored.allowances,
    formerVersions,
  );
  const isPurged = (version: number) => [...remove, ...empty].includes(version);
  const versionOf = (key: string) => Number(key.split(" ")[0]);
  return {
    versions: stored.versions.filter(({ version }) => !remove.includes(version)),
    values: new Set([...stored.values].filter((key) => !isPurged(versionOf(key)) || keptValues.has(key))),
    allowances: stored.allowances.filter(
      ({ version, destination }) => !isPurged(version) || keptAllowances.has(keyOf(destination, version)),
    ),
  };
}

/** Time passes: the first `aged` versions are more than a day old now. */
function at(stored: Stored, aged: number): Stored {
  return {
    ...stored,
    versions: stored.versions.map((one) => ({ ...one, isAged: one.version <= aged })),
  };
}

const replacement = fc.record({
  sets: fc.subarray([...fields], { minLength: 1 }),
  allows: fc.subarray(["a", "b"]),
});
const history = fc.array(replacement, { minLength: 1, maxLength: 12 });
const cases = fc.record({
  replacements: history,
  former: fc.constantFrom(0, 1, 2, 5, 10),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
});

const state = ({ versions, values, allowances }: Stored) => ({
  versions: versions.map(({ version }) => version).sort((a, b) => a - b),
  values: [...values].sort(),
  allowances: allowances.map(({ version, destination }) => keyOf(destination, version)).sort(),
});

describe("purging, for any history of a secret", () => {
  test("leaves each version that may be read with all its values, and who entered them", () => {
    fc.assert(
      fc.property(cases, ({ replacements, former, part }) => {
        const aged = Math.round(part * replacements.length);
        const before = store(replacements, aged);
        const after = purged(before, former);
        const present = new Set(after.versions.map(({ version }) => version));
        // The version that was current a day ago, the kept versions before it, and all newer ones.
        for (const { version, manifest } of before.versions.filter((one) => one.version >= aged - former)) {
          expect(present).toContain(version);
          for (const [field, setIn] of Object.entries(manifest)) {
            expect(after.values).toContain(keyOf(field, setIn));
            expect(present).toContain(setIn);
          }
        }
        expect(present).toContain(1);
      }),
    );
  });

  test("leaves no value that none of these names", () => {
    fc.assert(
      fc.property(cases, ({ replacements, former, part }) => {
        const aged = Math.round(part * replacements.length);
        const before = store(replacements, aged);
        const named = before.versions
          .filter(({ version }) => version >= aged - former)
          .flatMap(({ manifest }) => Object.entries(manifest).map(([field, setIn]) => keyOf(field, setIn)));
        expect([...purged(before, former).values].sort()).toEqual([...new Set(named)].sort());
      }),
    );
  });

  test("does not change who first allowed a destination of a readable version", () => {
    const firstOf = ({ allowances }: Stored, destination: string) =>
      Math.min(...allowances.filter((one) => one.destination === destination).map(({ version }) => version));
    fc.assert(
      fc.property(cases, ({ replacements, former, part }) => {
        const aged = Math.round(part * replacements.length);
        const before = store(replacements, aged);
        const after = purged(before, former);
        for (const { version, destination } of before.allowances)
          if (version >= aged - former) {
            const first = firstOf(before, destination);
            expect(firstOf(after, destination)).toBe(first);
            const rows = after.versions.filter((one) => one.version === first);
            expect(rows).toHaveLength(1);
            const authors = Object.values(rows[0]?.manifest ?? {});
            const present = after.versions.map((one) => one.version);
            expect(present).toEqual(expect.arrayContaining(authors));
          }
      }),
    );
  });

  test("has the same result whether it runs once at the end, or at every moment before too", () => {
    fc.assert(
      fc.property(cases, ({ replacements, former }) => {
        const all = replacements.length;
        let step = store(replacements, 0);
        for (let aged = 1; aged <= all; aged += 1) step = purged(at(step, aged), former);
        const once = purged(store(replacements, all), former);
        expect(state(step).values).toEqual(state(once).values);
        // Running again changes nothing.
        expect(state(purged(once, former))).toEqual(state(once));
      }),
    );
  });

  test("leaves at most the kept versions and the few rows that say who entered them", () => {
    fc.assert(
      fc.property(history, fc.constantFrom(0, 1, 2), (replacements, former) => {
        const { versions } = purged(store(replacements, replacements.length), former);
        // The current and the kept ones, the first, two fields of each, and two destinations with their fields.
        expect(versions.length).toBeLessThanOrEqual((former + 1) * 3 + 1 + 2 * 3);
      }),
    );
  });
});

test("a password that was replaced five times leaves the user name of the first version", () => {
  const others = Array.from({ length: 5 }, () => ({ sets: ["password"], allows: [] }));
  const { remove, empty, keptValues } = versionsToPurge(
    store([{ sets: [], allows: [] }, ...others], 6).versions,
    [],
    1,
  );
  expect({ remove, empty, keptValues: [...keptValues].sort() }).toEqual({
    remove: [2, 3, 4],
    empty: [1],
    keptValues: ["1 username", "5 password", "6 password"],
  });
});
