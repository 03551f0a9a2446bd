import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { loginCommands } from "@/components/pipeline-tokens/login-commands";

const addresses = {
  webUrl: "https://selvage.example.com/",
  automateUrl: "https://automate.example.com:8443",
};
const id = "0199a7c2-0000-7000-8000-00000000a1b2";

test("the commands contain both addresses, in full", () => {
  const login =
    "node selvage.mjs login --url https://selvage.example.com --automate-url https://automate.example.com:8443";
  expect(loginCommands(addresses)).toEqual({
    shell: `curl -fsSO https://automate.example.com:8443/cli/selvage.mjs && ${login}`,
    powerShell: `curl.exe -fsSO https://automate.example.com:8443/cli/selvage.mjs; if ($?) { ${login} }`,
  });
  const { shell, powerShell } = loginCommands(addresses, { id, name: "Field Sales" });
  expect(shell.endsWith(`${login} --pipeline "Field Sales"`)).toBe(true);
  expect(powerShell.endsWith(`${login} --pipeline "Field Sales" }`)).toBe(true);
});

test.each([
  'x" --url https://evil.example.com "',
  "x\\",
  "$(touch x)",
  "`touch x`",
  "it's",
  "“x”",
  "!1",
  "a & b",
])("a fabric named %s adds nothing to the commands", (name) => {
  const { shell, powerShell } = loginCommands(addresses, { id, name });
  const [, login = ""] = shell.split(" && node selvage.mjs");
  const words = execFileSync("bash", ["-c", `printf '%s\\n' ${login}`], { encoding: "utf8", cwd: "/" });
  expect(words.trimEnd().split("\n").slice(-2)).toEqual(["--pipeline", name]);
  // PowerShell 5 does not escape what it passes on.
  expect(powerShell.endsWith(` --pipeline ${id} }`)).toBe(true);
});
