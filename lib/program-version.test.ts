import { expect, test } from "vitest";
import { isOlder, programVersion } from "@/lib/program-version";
import { version } from "@/package.json";

test("the programs have the version of package.json", () => {
  expect(programVersion).toBe(version);
});

test.each([
  ["0.1.9", "0.2.0", true],
  ["0.9.0", "0.10.0", true],
  ["0.2.0", "0.2.0", false],
  ["1.0.0", "0.9.9", false],
])("%s is older than %s: %s", (one, other, expected) => {
  expect(isOlder(one, other)).toBe(expected);
});
