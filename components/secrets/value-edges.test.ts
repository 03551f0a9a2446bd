import { expect, test } from "vitest";
import { edgesOf, withoutEdges } from "@/components/secrets/value-edges";

test.each([
  ["corr3ct\n", "ends with a line break", "corr3ct"],
  ["corr3ct\r\n", "ends with a line break", "corr3ct"],
  [" corr3ct ", "starts with a space and ends with a space", "corr3ct"],
  ["\tcorr3ct \n", "starts with a space and ends with a line break", "corr3ct"],
  ["\u00A0corr3ct", "starts with a space", "corr3ct"],
  ["one\ntwo\n", "ends with a line break", "one\ntwo"],
  [" -----END KEY-----\n", "starts with a space and ends with a line break", "-----END KEY-----"],
  ["  ", "contains only spaces or line breaks", ""],
])("%j %s", (text, words, inner) => {
  expect(edgesOf(text)).toBe(words);
  expect(withoutEdges(text)).toBe(inner);
});

test.each([
  "corr3ct",
  "two words",
  "",
  // A byte order mark is not a space: it belongs to the bytes of a file.
  "\uFEFFcorr3ct",
  "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
])("%j has nothing to remove", (text) => {
  expect(edgesOf(text)).toBeNull();
});
