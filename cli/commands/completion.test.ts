import { Command } from "commander";
import { expect, test } from "vitest";
import { nextWords } from "@/cli/commands/completion";
import { addRun } from "@/cli/commands/run";
import { addSecrets } from "@/cli/commands/secrets";

const program = new Command("selvage");
addSecrets(program);
addRun(program);

test("completion offers commands and each option once, and no hidden one", () => {
  expect(nextWords(program, [])).toEqual(["secrets", "run"]);
  expect(nextWords(program, ["secrets", "replace", "key", "--trim"])).toEqual([
    "--fabric",
    "--forget-destinations",
    "--file",
  ]);
});

test("completion offers types where a type follows, and nothing where a file or a command follows", () => {
  expect(nextWords(program, ["secrets", "add", "key", "--type"])).toEqual([
    "text",
    "binary",
    "username_password",
    "m2m_oauth",
  ]);
  expect(nextWords(program, ["secrets", "add", "key", "--file"])).toEqual([]);
  expect(nextWords(program, ["run", "--fabric", "Sales", "--"])).toEqual([]);
  expect(nextWords(program, ["run", "--fabric", "Sales", "--", "psql", "--file"])).toEqual([]);
});
