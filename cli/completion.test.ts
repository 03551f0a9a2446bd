import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { commandLineOptions } from "@/launcher/release.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

const fabricId = "0199a7c2-0000-7000-8000-00000000a1b2";
const folder = mkdtempSync(join(tmpdir(), "selvage-completion-"));
const program = join(folder, "selvage.mjs");
const pipelineToken = `svp_${"a".repeat(43)}`;
const secret = (name: string) => ({
  ...{ subKind: "text", description: "", version: 1, usedBy: 0, updatedAt: "", updatedBy: "" },
  properties: { id: name, name },
});
const connection = (name: string) => ({ name, kind: "postgres", status: { state: "connected" } });
let server: Listening;
let url: string;
let isSilent: boolean;
let requests: string[];

beforeAll(async () => {
  await build({ ...(await commandLineOptions({ publicKeys: [] })), outfile: program });
  server = await listen(
    createServer(({ url: path = "" }, response) => {
      requests.push(path);
      if (isSilent) return;
      const fabrics = ["Production lake", "$(touch x)", "a\u202eb"].map((name) => ({
        ...{ fabricID: fabricId, teamName: "Field" },
        name,
      }));
      const data = path.includes("/secret")
        ? { secrets: [secret("warehouse_password"), secret("crm")] }
        : path.includes("/connection")
          ? { Connections: [connection("Orders")] }
          : { fabrics };
      const isVault = path === "/vault/v1/Ledger/metadata?list=true";
      response.end(JSON.stringify(isVault ? { data: { keys: ["ledger_key"] } } : { success: true, data }));
    }),
  );
  url = `http://127.0.0.1:${server.port}`;
  mkdirSync(join(folder, "selvage"));
  const pipelineTokens = { ledger: { token: pipelineToken, automateUrl: url } };
  const servers = { [url]: { accessToken: "svu_one", automateUrl: url, pipelineTokens } };
  writeFileSync(join(folder, "selvage/settings.json"), JSON.stringify({ url, servers }));
});
beforeEach(() => {
  isSilent = false;
  requests = [];
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Returns the completions that bash offers at the end of a line. The program is an alias: bash knows only its name. */
async function offered(line: string): Promise<string[]> {
  const words = await bash(
    `COMP_LINE=$LINE COMP_POINT=\${#LINE} COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:'
    _selvage
    printf '%s\\n' "\${COMPREPLY[@]}"`,
    line,
  );
  return words.filter((word) => word !== "");
}

/** Runs commands in a bash that has loaded the completion script. Returns their lines. */
async function bash(commands: string, line = ""): Promise<string[]> {
  const script = `eval "$("$NODE" "$PROGRAM" completion bash)"\n${commands}`;
  const env = { PATH: process.env.PATH, NODE_ENV: "test" as const, XDG_CONFIG_HOME: folder };
  const child = spawn("bash", ["--norc", "-c", script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, NODE: process.execPath, PROGRAM: program, LINE: line },
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stderr).toBe("");
  return stdout.trimEnd().split("\n");
}

test("bash completes the command and the downloaded file, and file names where neither has words", async () => {
  expect(await bash("complete -p selvage selvage.mjs")).toEqual([
    "complete -o default -F _selvage selvage",
    "complete -o default -F _selvage selvage.mjs",
  ]);
});

test.each([
  // Names are other people's text: quoted, and left out if they would control the terminal.
  ["selvage run --fabric ", ["Production\\ lake", "\\$\\(touch\\ x\\)", "ledger"]],
  ['selvage secrets list --fabric "Prod', ["Production lake"]],
  ['selvage secrets replace --fabric "Production lake" ', ["warehouse_password", "crm"]],
  ["selvage secrets delete --fabric Production\\ lake ware", ["warehouse_password"]],
  ["selvage connections check --fabric 'Production lake' Or", ["Orders"]],
  ["selvage run --fabric 'Production lake' --env PGPASSWORD=ware", ["warehouse_password"]],
  // The stored pipeline token suffices for the names that it may read.
  ["selvage run --fabric Ledger --env KEY=", ["ledger_key"]],
  ["selvage login --pipeline le", ["ledger"]],
  ["selvage completion ", ["bash", "zsh", "fish"]],
])("bash offers after: %s", async (line, words) => {
  // The program gives up after a moment, so a busy machine may offer nothing at first.
  await expect.poll(() => offered(line), { timeout: 20_000 }).toEqual(words);
});

test("a name that is new, and a variable, are not looked up", async () => {
  for (const line of ["secrets add --fabric X wa", "run --fabric X --env PGPASS", "secrets replace wa"])
    expect(await offered(`selvage ${line}`)).toEqual([]);
  expect(requests).toEqual([]);
});

test("while no API answers, completion ends soon, silently and without a word", async () => {
  isSilent = true;
  const ask = async () => {
    const startedAt = performance.now();
    const words = await offered("selvage secrets replace --fabric 'Production lake' ");
    // A request to an API waits for 30 seconds.
    return { words, isAsked: requests.length > 0, isSoon: performance.now() - startedAt < 10_000 };
  };
  // On a busy machine, the program may give up before it asks.
  await expect.poll(ask, { timeout: 25_000 }).toEqual({ words: [], isAsked: true, isSoon: true });
});

test("another shell is refused", async () => {
  const { status, stderr } = spawnSync(process.execPath, [program, "completion", "csh"], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([2, "Choose bash, zsh or fish.\n"]);
});
