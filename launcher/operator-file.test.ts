import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { operatorEnvironment, whyWithoutVariables, writeOperatorFile } from "@/launcher/operator-file.mjs";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "selvage-operator-"));
  mkdirSync(join(dir, "keys"));
});
afterEach(() => rmSync(dir, { recursive: true }));

it("the operator's programs get the variables of the npm start that runs on the data folder", async () => {
  const file = await writeOperatorFile(dir, { DATABASE_URL: "postgres://here/selvage" });
  expect(operatorEnvironment({ DATA_DIR: dir }).DATABASE_URL).toBe("postgres://here/selvage");
  expect(whyWithoutVariables({ DATA_DIR: dir })).toBeUndefined();
  await file.stop();
  expect(operatorEnvironment({ DATA_DIR: dir })).toEqual({ DATA_DIR: dir });
});

it("a program that failed without any variables says on which folder no npm start runs", () => {
  expect(whyWithoutVariables({ DATA_DIR: dir })).toBe(
    `npm start does not run on ${dir}, so this command had only the variables that you set. If it runs on another folder, set DATA_DIR.`,
  );
});

it.each(["DATABASE_URL", "AUTOMATE_URL", "AUTOMATE_PUBLIC_KEY"])(
  "a program that failed with its own %s says nothing about npm start",
  (name) => expect(whyWithoutVariables({ DATA_DIR: dir, [name]: "set" })).toBeUndefined(),
);
