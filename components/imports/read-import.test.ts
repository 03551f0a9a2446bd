import { expect, test } from "vitest";
import { showFile } from "@/components/imports/read-import";

const choices = { format: null, prefix: "", names: {}, left: new Set<number>() };

/** The sentence about each row of a file, and whether another name corrects it. */
async function problemsOf(name: string, lines: readonly string[]) {
  const { rows } = await showFile(new File([lines.join("\n")], name), choices);
  return rows.map(({ problem, isUnreadable }) => [problem, isUnreadable]);
}

test("a row without a value is told so in our words, and another name does not correct it", async () => {
  expect(
    await problemsOf("secrets.csv", [
      "name,type,value,username,password",
      "a,text,x,,",
      "b,text,,,",
      "c,binary,,,",
      "d,username_password,,etl,",
    ]),
  ).toEqual([
    [null, false],
    ["value: This field is required.", true],
    ["value: Choose a file.", true],
    ["password: This field is required.", true],
  ]);
  expect(await problemsOf(".env", ["A=", "B=x"])).toEqual([
    [expect.stringMatching(/^value: /), true],
    [null, false],
  ]);
});

test("a name that no secret can have is corrected by another name", async () => {
  const [[problem, isUnreadable] = []] = await problemsOf("secrets.csv", [
    "name,value",
    `${"n".repeat(200)},x`,
  ]);
  expect([typeof problem, isUnreadable]).toEqual(["string", false]);
});
