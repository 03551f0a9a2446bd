import { expect, test } from "vitest";
import { enterValueInput } from "@/lib/entry-links/schema";

const token = `sve_01999999-0000-7000-8000-000000000000.${"A".repeat(43)}`;
const kib = (count: number) => "a".repeat(count * 1024);

/** The field and the sentence of what prevents this value; null when nothing does. */
function problemOf(
  subKind: string,
  fields: Record<string, unknown>,
): [field: unknown, sentence: string] | null {
  const issue = enterValueInput.safeParse({ token, subKind, fields }).error?.issues[0];
  return issue ? [issue.path.at(-1), issue.message] : null;
}

const one = "A value may have at most 48 KiB here. This is longer.";
const all = "All fields together may have at most 48 KiB here. This is longer.";

test.each<[string, string, Record<string, unknown>, ReturnType<typeof problemOf>]>([
  ["48 KiB", "text", { value: kib(48) }, null],
  ["more", "text", { value: `${kib(48)}a` }, ["value", one]],
  ["more than any text may have", "text", { value: kib(65) }, ["value", one]],
  ["quotation marks, which a request doubles", "text", { value: '"'.repeat(25 * 1024) }, ["value", one]],
  ["two fields", "username_password", { username: "u", password: kib(48) }, ["password", all]],
  ["a file", "binary", { value: new Uint8Array(48 * 1024) }, null],
  ["a larger file", "binary", { value: new Uint8Array(48 * 1024 + 1) }, ["value", one]],
])("the limit of a link is named: %s", (_title, subKind, fields, expected) => {
  expect(problemOf(subKind, fields)).toEqual(expected);
});
