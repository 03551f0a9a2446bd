import { parse as dotenv } from "dotenv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readEnv } from "@/lib/imports/formats/env";
import { namesIn } from "@/lib/imports/formats/read-file";
import { type FileRow, UnreadableFile } from "@/lib/imports/formats/row";
import { inShort, text } from "@/testing/import-rows";

describe("a .env file", () => {
  test("is read as dotenv reads it", () => {
    const file = [
      "# comment",
      "PLAIN=one two  # comment",
      "export EXPORTED = 'single # kept' ",
      'ESCAPED="a\\nb"',
      "RAW='a\\nb'",
      "COLON: yaml-like",
      'LINES="first',
      'second"',
      'TICKS=`it\'s "both"`',
      "DOTTED.name-1=x",
      "SPACED   =   y   ",
    ].join("\n");
    expect(Object.fromEntries(readEnv(file).rows.map((row) => [row.name, fieldsOf(row).value]))).toEqual(
      dotenv(file),
    );
    expect(readEnv(file).rows.map(({ place }) => place)).toEqual(
      [2, 3, 4, 5, 6, 7, 9, 10, 11].map((line) => `Line ${line}`),
    );
  });

  test("never differs from dotenv in a value, whatever the file", () => {
    const piece = fc.constantFrom(
      "A",
      "B",
      "=",
      ":",
      " ",
      "\n",
      "\r\n",
      "'",
      '"',
      "`",
      "#",
      "\\n",
      "x",
      "export ",
      "\t",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const file = pieces.join("");
        const read = readEnv(file).rows.flatMap((row) =>
          row.name === "" ? [] : [[row.name, fieldsOf(row).value]],
        );
        expect(Object.fromEntries(read)).toEqual(dotenv(file));
      }),
      { numRuns: 300 },
    );
  });

  test("names a line that is no assignment, and a value that “#” would cut", () => {
    const { rows } = readEnv("A=1\nnot an assignment\nB=pa#ss\nC=x # comment\nD='pa#ss'\n");
    expect(inShort(rows)).toEqual([
      ["A", "text", text("1")],
      ["", expect.stringMatching(/^This line is not NAME=value, with a name of letters/)],
      ["B", expect.stringMatching(/^“#” ends this value in dotenv/)],
      ["C", "text", text("x")],
      ["D", "text", text("pa#ss")],
    ]);
    expect(rows[1]?.place).toBe("Line 2");
  });
});

test("a key without quotes is refused, and none of its lines counts as a name", () => {
  const file =
    "A=1\nKEY=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg==\nbm90aGluZw=\n-----END PRIVATE KEY-----\nB=2\n";
  expect(inShort(readEnv(file).rows)).toEqual([
    ["A", "text", text("1")],
    ["KEY", expect.stringMatching(/^This is a part of a value with several lines/)],
    ["", expect.stringMatching(/^This is a part/)],
    ["", expect.stringMatching(/^This is a part/)],
    ["", expect.stringMatching(/^This /)],
    ["B", "text", text("2")],
  ]);
  expect(namesIn(file)).toEqual(["A", "B"]);
});

test("names to look for are a plain list, or the names of a file that can be imported", () => {
  expect(namesIn("A\n\nb.c\nA\n")).toEqual(["A", "b.c"]);
  expect(namesIn("A=secret # x\nexport B='x'")).toEqual(["A", "B"]);
  expect(namesIn('{"A": "secret", "b": {"username": "u", "password": "p"}}')).toEqual(["A", "b"]);
  expect(() => namesIn("a secret sentence")).toThrow(UnreadableFile);
});

function fieldsOf(row: FileRow): Readonly<Record<string, string>> {
  return row.noun === "secret" ? row.fields : {};
}
