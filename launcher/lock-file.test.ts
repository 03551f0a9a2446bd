import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** A package inside another one's file has neither. */
type Entry = { resolved?: string; integrity?: string; inBundle?: boolean };

test("the lock file names each package's file at the public registry, with its hash", () => {
  const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
    packages: Record<string, Entry>;
  };
  const wrong = Object.entries(packages).filter(
    ([path, { resolved = "", integrity = "", inBundle }]) =>
      path !== "" &&
      !inBundle &&
      !(resolved.startsWith("https://registry.npmjs.org/") && integrity.startsWith("sha512-")),
  );
  expect(wrong).toEqual([]);
});
