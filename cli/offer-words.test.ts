import { execFileSync } from "node:child_process";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addCompletion } from "@/cli/commands/completion";
import { addRun } from "@/cli/commands/run";
import { addSecrets } from "@/cli/commands/secrets";
import { offerWords } from "@/cli/offer-words";
import { quotedFor, splitLine } from "@/cli/shell-line";

const program = new Command("selvage");
addSecrets(program);
addRun(program);
addCompletion(program);

test("completion offers commands and each option once, and no hidden one", async () => {
  expect(await offerWords(program, [], "")).toEqual(["secrets", "run", "completion"]);
  expect(await offerWords(program, ["secrets", "replace", "key", "--trim"], "")).toEqual([
    "--fabric",
    "--check",
    "--forget-destinations",
    "--file",
  ]);
});

test("completion offers types and shells where one follows, and files where a file or a command follows", async () => {
  expect(await offerWords(program, ["secrets", "add", "key", "--type"], "")).toEqual([
    "text",
    "binary",
    "username_password",
    "m2m_oauth",
  ]);
  expect(await offerWords(program, ["completion"], "")).toEqual(["bash", "zsh", "fish"]);
  expect(await offerWords(program, ["secrets", "add", "key", "--file"], "")).toBe("files");
  expect(await offerWords(program, ["run", "--fabric", "Sales", "--"], "")).toBe("files");
  expect(await offerWords(program, ["run", "--fabric", "Sales", "--", "psql", "--file"], "")).toBe("files");
  expect(await offerWords(program, ["secrets", "add", "key", "--description"], "")).toEqual([]);
});

const breaks = " \t\n\"'@><=;|&(:";

test.each([
  ["selvage run --fabric Pro", ["selvage", "run", "--fabric"], "Pro", "Production\\ lake"],
  [
    "selvage run --fabric Production\\ l",
    ["selvage", "run", "--fabric"],
    "Production l",
    "Production\\ lake",
  ],
  ['selvage run --fabric "Production l', ["selvage", "run", "--fabric"], "Production l", "Production lake"],
  ["selvage run --fabric 'Pro", ["selvage", "run", "--fabric"], "Pro", "Production lake"],
  ['selvage run --fabric "a b" ', ["selvage", "run", "--fabric", "a b"], "", "Production\\ lake"],
])(
  "bash's line %s is split as bash does, and the rest of the word is quoted",
  (text, words, current, shown) => {
    const line = splitLine(text, breaks);
    expect([line.words, line.current]).toEqual([words, current]);
    expect(quotedFor(line, "Production lake")).toBe(shown);
  },
);

test("bash replaces only what follows its last break character", () => {
  const line = splitLine("selvage run --env PGPASSWORD=ware", breaks);
  expect(quotedFor(line, "PGPASSWORD=warehouse")).toBe("warehouse");
});

test.each(["$(touch x)", "`touch x`", "a;touch x", "~root", "a\\b", "a|b", "*", "#", 'a"b', "a'b", "!1"])(
  "bash expands nothing in a fabric named %s, whatever quote is open",
  (name) => {
    for (const quote of ["", '"', "'"]) {
      const offered = quotedFor(splitLine(`selvage run --fabric ${quote}`, breaks), name);
      // Within quotes, a name that they cannot hold is not offered.
      if (quote !== "" && offered === undefined) continue;
      const script = `printf %s ${quote}${offered}${quote}`;
      expect(execFileSync("bash", ["-c", script], { encoding: "utf8", cwd: "/" })).toBe(name);
    }
  },
);
