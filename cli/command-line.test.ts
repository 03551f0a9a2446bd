import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { commandLineOptions } from "@/launcher/release.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

const fabricId = "0199a7c2-0000-7000-8000-00000000a1b2";
const pipelineToken = `svp_${"a".repeat(43)}`;
/** The secrets that the pipeline may read. A Binary is its bytes. */
const secrets: Record<string, string | Uint8Array | Record<string, string>> = {
  key: "s3cret-value",
  short: "abc",
  zero: "a\0b",
  large: "x".repeat(200_000),
  "db.password": "of the text",
  db: { username: "svc", password: "of the login" },
  note: "a text",
  "note.password": "of the text",
  "lonely.password": "of nothing before the dot",
  crm: { clientId: "id", authUrl: "https://login.example.com/token", scope: "read" },
  "crm.authUrl": "https://evil.example.com/steal",
  "crm.scope": { username: "svc_user", password: "x" },
  login: { username: "svc_user", password: "hunter2hunter2" },
  ca: new Uint8Array([0xff, 0xfe, 1]),
  pem: new TextEncoder().encode("pem-of-text"),
};

const folder = mkdtempSync(join(tmpdir(), "selvage-built-"));
const program = join(folder, "selvage.mjs");
let server: Listening;
let url: string;
let home: string;
let requests: { path: string; token: string | undefined }[];
/** The management API's answer. By default it contains teams. */
let answer: { status: number; body: unknown };
/** Automate's answer about the token. */
let whoami: { status: number; body: unknown };

beforeAll(async () => {
  await build({ ...(await commandLineOptions({ publicKeys: [] })), outfile: program });
  server = await listen(
    createServer((request, response) => {
      const { status, body } = answerTo(request);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    }),
  );
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "selvage-cli-"));
  requests = [];
  answer = { status: 200, body: { success: true, data: { teams: [{ name: "Field" }] } } };
  whoami = { status: 200, body: { fabric: { id: fabricId, name: "Sales" } } };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function answerTo({ url: path = "", headers }: IncomingMessage): typeof answer {
  const header = headers["x-auth-token"] ?? headers.authorization;
  requests.push({ path, token: typeof header === "string" ? header : undefined });
  if (path.startsWith("/api/")) return answer;
  if (path === "/v1/whoami") return whoami;
  const name = decodeURIComponent(path.split("/").at(-1) ?? "");
  const value = secrets[name];
  if (name === "deleted")
    return { status: 404, body: { error: { code: "in_trash", message: "It is in the trash." } } };
  if (value === undefined) return { status: 404, body: { error: { code: "not_found", message: "None." } } };
  if (value instanceof Uint8Array)
    return { status: 200, body: { name, value: Buffer.from(value).toString("base64"), encoding: "base64" } };
  return { status: 200, body: { name, value } };
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, NODE_ENV: "test", XDG_CONFIG_HOME: home, ...env },
  });
}

async function selvage(args: readonly string[], env: Record<string, string> = {}, input = "") {
  return ended(start(args, env), input);
}

async function ended(child: ChildProcessWithoutNullStreams, input = "") {
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

const automate = () => ({ SELVAGE_AUTOMATE_URL: url, SELVAGE_PIPELINE_TOKEN: pipelineToken });

const run = (reference: string, script: string, env: Record<string, string> = {}) =>
  selvage(["run", "--fabric", "Sales", "--env", reference, "--", process.execPath, "-e", script], {
    ...automate(),
    ...env,
  });

const startRun = (script: string) =>
  start(["run", "--fabric", "Sales", "--env", "X=key", "--", process.execPath, "-e", script], automate());

const file = () => join(home, "selvage/settings.json");
const list = ["secrets", "list", "--fabric", "00000000-0000-0000-0000-000000000000"];

describe("login", () => {
  test("a token is sent only to the origin that it was stored for", async () => {
    expect((await selvage(["login", "--url", url], {}, "svu_one\n")).code).toBe(0);
    const other = url.replace("127.0.0.1", "localhost");
    requests = [];
    const refused = await selvage(list, { SELVAGE_URL: other });
    expect([refused.code, refused.stderr]).toEqual([
      3,
      `Not signed in to ${other}: run “selvage login --url ${other}”, or set SELVAGE_TOKEN.\n`,
    ]);
    expect(requests).toEqual([]);
    expect((await selvage(["login", "--url", other], {}, "svu_two\n")).code).toBe(0);
    requests = [];
    await selvage(list, { SELVAGE_URL: url });
    await selvage(list, { SELVAGE_URL: other });
    await selvage(list);
    expect(requests.map(({ token }) => token)).toEqual(["svu_one", "svu_two", "svu_two"]);
  });

  test("a stored pipeline token is sent only to its own Automate", async () => {
    const stored = await selvage(
      ["login", "--url", url, "--automate-url", url, "--pipeline", "Sales"],
      {},
      `${pipelineToken}\n`,
    );
    expect(stored.code).toBe(0);
    const words = ["run", "--fabric", "sales", "--env", "X=key", "--", "true"];
    requests = [];
    const refused = await selvage(words, { SELVAGE_AUTOMATE_URL: url.replace("127.0.0.1", "localhost") });
    expect([refused.code, requests]).toEqual([125, []]);
    await selvage(["login", "--automate-url", url.replace("127.0.0.1", "localhost")], {}, "svu_one\n");
    expect((await selvage(["run", "--fabric", "Sales", "--env", "X=key", "--", "true"])).code).toBe(0);
  });

  test("the file holds the stored tokens only: nothing from the environment or from an earlier file", async () => {
    mkdirSync(join(home, "selvage"), { mode: 0o755 });
    writeFileSync(file(), "damaged", { mode: 0o644 });
    chmodSync(file(), 0o644);
    expect((await selvage(list)).stderr).toContain("is damaged: run “selvage login” again.");
    const done = await selvage(["login", "--url", url], { SELVAGE_TOKEN: "svu_environment" }, "svu_one");
    expect(done.code, done.stderr).toBe(0);
    expect(readFileSync(file(), "utf8")).toContain("svu_one");
    expect(readFileSync(file(), "utf8")).not.toContain("svu_environment");
    expect([statSync(file()).mode & 0o777, statSync(join(home, "selvage")).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    expect(readdirSync(join(home, "selvage"))).toEqual(["settings.json"]);
    const pipeline = await selvage(
      ["login", "--pipeline", "Sales"],
      { SELVAGE_TOKEN: "svu_environment" },
      pipelineToken,
    );
    expect(pipeline.code).toBe(0);
    expect(readFileSync(file(), "utf8")).not.toContain("svu_environment");
  });

  test.each([
    [["login", "--url", "ftp://example.com"], "svu_x", "--url must be an address"],
    [["login", "--url", "example.com:3000"], "svu_x", "--url must be an address"],
    [
      ["login", "--url", "http://127.0.0.1:9", "--automate-url", "x"],
      "svu_x",
      "--automate-url must be an address",
    ],
    [["login", "--url", "http://127.0.0.1:9"], "svu_x\nsvu_y", "is not a token"],
    [["login", "--url", "http://127.0.0.1:9"], "svu_ключ", "is not a token"],
    [["login", "--url", "http://127.0.0.1:9", "--pipeline", "Sales"], "svp_short", "Not a pipeline token"],
  ])("%s refuses %j with a sentence", async (args, input, sentence) => {
    const refused = await selvage(args, {}, input);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(sentence)]);
    expect(refused.stderr).not.toContain(input);
  });
});

describe("the management API's answers", () => {
  const env = () => ({ SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" });

  test.each([
    [413, { message: "Create Secret failed due to : That is larger." }, 2, "That is larger.\n"],
    [401, { message: "List failed due to : Send the header X-AUTH-TOKEN." }, 3, "The access token is not"],
    [
      400,
      { message: "x", fieldErrors: { "properties.value.username": "It is empty." } },
      1,
      "username: It is empty.\n",
    ],
  ])("the command line explains a %i in its own words", async (status, body, code, sentence) => {
    answer = { status, body: { success: false, ...body } };
    const result = await selvage(list, env());
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(sentence)]);
    expect(result.stderr).not.toMatch(/X-AUTH-TOKEN|properties/);
  });

  test("the command line explains that a header cannot hold this token", async () => {
    const result = await selvage(list, { ...env(), SELVAGE_TOKEN: "svu_\nx" });
    expect([result.code, result.stderr]).toEqual([
      2,
      expect.stringContaining("SELVAGE_TOKEN is not a token"),
    ]);
  });
});

describe("the output contains no control characters from the name", () => {
  const chosen = "Mallory\x1b]52;c;eA==\x07\r\nkey  text\x9b31m\u202e\u2028";
  const secret = {
    subKind: "text",
    properties: { id: "1", name: "key" },
    description: "",
    version: 1,
    usedBy: 0,
    updatedAt: "2026-11-30T00:00:00Z",
    updatedBy: chosen,
  };
  const hostile: [string, string[], object][] = [
    ["a person", list, { secrets: [secret] }],
    [
      "a connection",
      ["connections", ...list.slice(1)],
      { Connections: [{ name: chosen, kind: "postgres", status: { state: "not_tested" } }] },
    ],
    [
      "a team",
      ["secrets", "list", "--fabric", "Sales"],
      { fabrics: ["a", "b"].map((fabricID) => ({ fabricID, name: "Sales", teamName: chosen })) },
    ],
  ];

  test.each(hostile)("of %s", async (_of, words, data) => {
    answer = { status: 200, body: { success: true, data } };
    const env = { SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" };
    for (const form of [[], ["--json"]]) {
      const result = await selvage([...words, ...form], env);
      const text = result.stdout + result.stderr;
      expect(text).toContain("Mallory");
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
      expect(text).not.toMatch(/^key {2}text/m);
      // Scripts receive the unchanged name.
      if (form.length > 0 && result.code === 0)
        expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(chosen).slice(1, -1));
    }
  });

  test("or from a server's message", async () => {
    answer = { status: 400, body: { success: false, message: chosen } };
    const result = await selvage(list, { SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" });
    expect(result.stderr).toMatch(/^Mallory[^\p{Cc}]*\n$/u);
  });
});

test("a person who replaces a value sees the former one's destinations, to which the new one may go too", async () => {
  const secret = {
    subKind: "text",
    properties: { id: "1", name: "key" },
    description: "",
    version: 1,
    usedBy: 0,
    updatedAt: "2026-11-30T00:00:00Z",
    updatedBy: "Uri",
  };
  const data = { secrets: [secret], id: "1", destinations: ["https://theirs.example:443"] };
  answer = { status: 200, body: { success: true, data } };
  const env = { SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" };
  const words = ["secrets", "replace", "key", ...list.slice(2)];
  expect((await selvage(words, env, "new value")).stdout).toBe(
    "Replaced the value of key.\nIt may be sent to https://theirs.example:443. To allow none, replace it with --forget-destinations.\n",
  );
  const { destinations } = JSON.parse((await selvage([...words, "--json"], env, "new value")).stdout);
  expect(destinations).toEqual(data.destinations);
});

test("a replacement with --check names the connections that refuse the value, and changes nothing for them", async () => {
  const secret = {
    subKind: "text",
    properties: { id: "1", name: "key" },
    description: "",
    version: 1,
    usedBy: 2,
    updatedAt: "2026-11-30T00:00:00Z",
    updatedBy: "Uri",
  };
  const connections = [
    { id: "a", name: "Billing", verdict: "passed" },
    { id: "b", name: "Orders", verdict: "refused", title: "The server rejected it.", field: "password" },
  ];
  const times = { createdBy: "Uri", expiresAt: "2026-12-01T10:05:00.000Z" };
  const found = { candidate: 3, state: "open", baseVersion: 1, version: null, ...times, total: 2 };
  const data = { secrets: [secret], ...found, connections };
  answer = { status: 200, body: { success: true, data } };
  const env = { SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" };
  requests = [];
  const words = ["secrets", "replace", "key", "--check", ...list.slice(2)];
  const replaced = await selvage(words, env, "new value");
  expect(replaced.code).not.toBe(0);
  expect(replaced.stdout).toContain(
    "connection Billing accepts it\nconnection Orders refuses it: The server rejected it. Property: password.",
  );
  expect(replaced.stderr).toContain("The current value of key has not changed.");
  expect(requests.some((one) => JSON.stringify(one).includes("/promote"))).toBe(false);

  answer = { status: 200, body: { success: true, data: { ...data, version: 2 } } };
  const promote = ["secrets", "promote", "key", ...list.slice(2)];
  expect((await selvage([...promote, "--anyway"], env)).stdout).toBe(
    "Version 2 is the current one.\nThese connections have not accepted it: Orders.\n",
  );
  expect((await selvage(["secrets", "undo", "key", ...list.slice(2)], env)).stdout).toBe(
    "Version 2 has the former value of key.\n",
  );
});

test("a rotation is shown, started and ended, and says what the server has", async () => {
  const common = { subKind: "text", description: "", version: 1, usedBy: 1, updatedBy: "Uri" };
  const secret = { ...common, properties: { id: "1", name: "key" }, updatedAt: "2026-11-30T00:00:00Z" };
  const lastRun = {
    ...{ state: "failed", serverHas: "former", startedAt: "2026-11-30T10:05:00.000Z", startedBy: "Ada" },
    ...{ title: "The server still has the former password.", endedAt: "2026-11-30T10:05:02.000Z" },
  };
  const rotation = {
    ...{ method: "pair", connection: { id: "c", name: "Sales" }, administrator: "dba", users: ["a", "b"] },
    ...{ everyDays: 30, window: { start: "02:00", minutes: 120 }, dueAt: "2026-12-30T02:00:00.000Z" },
    ...{ problem: "not_used", problemTitle: "The connection no longer uses this secret.", lastRun },
  };
  answer = { status: 200, body: { success: true, data: { secrets: [secret], id: "1", ...rotation } } };
  const env = { SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" };
  const run = (word: string) => selvage(["secrets", word, "key", ...list.slice(2)], env);
  expect((await run("rotation")).stdout).toBe(
    [
      "dba sets the passwords of a and b in turn, every 30 days, from 02:00 for 120 minutes (UTC).",
      "at the server of connection Sales",
      "next at 2026-12-30 02:00 UTC",
      "The last rotation could not begin. The connection no longer uses this secret.",
      "2026-11-30 10:05 UTC by Ada, failed: The server still has the former password.\n",
    ].join("\n"),
  );
  const rotated = await run("rotate");
  expect([rotated.code, rotated.stdout]).toEqual([1, "The server still has the former password.\n"]);
  expect(rotated.stderr).toContain("The value of key was not rotated.");
  expect((await run("end-rotation")).stdout).toBe("Ended the rotation of key. Its value stays.\n");
});

test("a person sees who uses a secret: connections, pipelines and destinations", async () => {
  const secret = {
    subKind: "text",
    properties: { id: "1", name: "key" },
    description: "",
    version: 2,
    usedBy: 1,
    usedByPipelines: 2,
    lastReadAt: "2026-11-30T10:05:00.000Z",
    lastUsedAt: "2026-11-30T10:07:00.000Z",
    updatedAt: "2026-11-30T00:00:00Z",
    updatedBy: "Uri",
  };
  const used = {
    usedBy: 3,
    lastUsedAt: "2026-11-30T10:07:00.000Z",
    version: 2,
    versionSetAt: "2026-11-20T06:11:00.000Z",
    connections: [{ id: "c", name: "Orders", kind: "postgres", state: "disconnected" }],
    pipelines: [
      { name: "nightly", lastReadAt: "2026-11-30T10:05:00.000Z", version: 2, reads: 3, secretName: "key" },
      { name: "ci", lastReadAt: "2026-11-01T09:00:00.000Z", version: 1, reads: 1, connection: "Orders" },
    ],
    destinations: ["https://theirs.example:443"],
  };
  answer = { status: 200, body: { success: true, data: { secrets: [secret], id: "1", ...used } } };
  const env = { SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" };
  expect((await selvage(list, env)).stdout).toContain("1 connection, 2 pipelines  2026-11-30 10:07 UTC");
  await selvage([...list, "--state", "unused", "--sort", "used"], env);
  expect(requests.at(-1)?.path).toMatch(/\/secret\?state=unused&sort=used&order=desc$/);
  expect((await selvage(["secrets", "usage", "key", ...list.slice(2)], env)).stdout.split("\n")).toEqual([
    "last used at 2026-11-30 10:07 UTC",
    "connection Orders (postgres): disconnected",
    "2 more connections",
    "pipeline nightly read version 2 of key at 2026-11-30 10:05 UTC",
    "pipeline ci read version 1 of it through connection Orders at 2026-11-01 09:00 UTC; version 2 is current since 2026-11-20 06:11 UTC",
    "may be sent to https://theirs.example:443",
    "",
  ]);
  const renamed = await selvage(["secrets", "rename", "key", "new_key", ...list.slice(2)], env);
  expect(renamed.stdout).toContain("pipeline nightly read version 2 of key");
});

test("a secret of a type that only a newer server knows is listed, and its value is not replaced", async () => {
  const secret = {
    subKind: "passkey",
    properties: { id: "1", name: "key" },
    description: "",
    version: 1,
    usedBy: 0,
    updatedAt: "2026-11-30T00:00:00Z",
    updatedBy: "Uri",
  };
  answer = { status: 200, body: { success: true, data: { secrets: [secret] } } };
  const env = { SELVAGE_URL: url, SELVAGE_TOKEN: "svu_x" };
  expect((await selvage(list, env)).stdout).toMatch(/^key {2,}passkey /m);
  requests = [];
  const value = JSON.stringify({ clientId: "c", clientSecret: "s", authUrl: "https://idp.example/token" });
  const refused = await selvage(["secrets", "replace", "key", ...list.slice(2)], env, value);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    "This version of selvage does not support the type passkey: install a newer version.\n",
  ]);
  expect(requests.map(({ path }) => path.replace(/\?.*/, ""))).toEqual([
    `/api/orchestration/fabric/${list.at(-1)}/secret`,
  ]);
});

describe("the command line's words", () => {
  test("--json reports usage errors as JSON", async () => {
    const unknown = await selvage([...list, "--json", "--nonsense"]);
    expect([unknown.code, JSON.parse(unknown.stderr).error]).toEqual([
      2,
      { code: "usage", message: expect.stringContaining("unknown option '--nonsense'") },
    ]);
    const none = await selvage(["--json", "secrets"]);
    expect([none.code, JSON.parse(none.stderr).error.code]).toEqual([2, "usage"]);
    expect((await selvage(["secrets"])).stderr).toContain("Usage: selvage secrets");
  });

  test("--version prints the version", async () => {
    expect((await selvage(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

// A journey runs `selvage run` in `npm test`.
describe.runIf(process.env.RUN_LONG)("run", () => {
  /** The values that the command has of these references. */
  async function valuesOf(references: readonly string[]): Promise<string[]> {
    const named = references.flatMap((reference, n) => ["--env", `X${n}=${reference}`]);
    const script = `const { env } = process;
      process.stdout.write(JSON.stringify(${JSON.stringify(references)}.map((_, n) => env["X" + n])))`;
    const words = ["run", "--fabric", "Sales", "--no-mask", ...named, "--", process.execPath, "-e", script];
    const { code, stdout } = await selvage(words, automate());
    expect(code).toBe(0);
    return JSON.parse(stdout);
  }

  test("a reference with # is one value, whatever names other secrets have", async () => {
    const expected = {
      "login#password": "hunter2hunter2",
      "key#value": "s3cret-value",
      pem: "pem-of-text",
      "pem#value": "pem-of-text",
      "crm#authUrl": "https://login.example.com/token",
      "crm.authUrl#value": "https://evil.example.com/steal",
      "crm.scope#username": "svc_user",
    };
    expect(await valuesOf(Object.keys(expected))).toEqual(Object.values(expected));
    // The command requests each name once and no other: a missing name would cause an event in the audit log.
    const read = requests.map(({ path }) => path).filter((path) => path !== "/v1/whoami");
    const names = ["crm", "crm.authUrl", "crm.scope", "key", "login", "pem"];
    expect(read.sort()).toEqual(names.map((name) => `/v1/secrets/${name}`));
  });

  test("a reference with a dot that has one reading returns it", async () => {
    const expected = {
      "login.password": "hunter2hunter2",
      "key.value": "s3cret-value",
      // A secret has this name, and the name before the dot is a Text, which has no such field.
      "note.password": "of the text",
      "lonely.password": "of nothing before the dot",
    };
    expect(await valuesOf(Object.keys(expected))).toEqual(Object.values(expected));
  });

  test.each([
    ["X=db.password", "the field password of the secret db", "X=db#password", "X=db.password#value"],
    ["X=crm.authUrl", "the field authUrl of the secret crm", "X=crm#authUrl", "X=crm.authUrl#value"],
    // A secret with this name and several fields requires a field. The reference still has two readings.
    [
      "X=crm.scope",
      "the field scope of the secret crm",
      "X=crm#scope",
      "X=crm.scope#username or X=crm.scope#password",
    ],
  ])(
    "%s with two readings is refused, and the message names both",
    async (reference, field, asField, asSecret) => {
      const refused = await run(reference, "console.log('started')");
      const name = reference.slice(2);
      const words = `${reference} has two readings: ${field}, and the secret ${name}. Write ${asField} for the field, or ${asSecret} for the secret.`;
      expect(refused).toMatchObject({ code: 125, stdout: "", stderr: expect.stringContaining(words) });
      expect(refused.stderr).not.toContain("example.com");
    },
  );

  test.each([
    ["X=ca", "X: the file is not UTF-8 text"],
    ["X=zero", "X: the value contains a zero byte"],
    ["X=large", "X: the value is too large"],
    ["X=login", "login has several fields: write X=login#username or X=login#password."],
    ["X=none", "Secret “none” not found"],
    ["X=deleted", "deleted: It is in the trash."],
    ["X=none.password", "Secret “none” not found"],
    ["X=none#password", "Secret “none” not found"],
    ["X=login#scope", "login has several fields: write X=login#username or X=login#password."],
    ["X=key#password", "key has no such field"],
    ["X=key#", "Use --env NAME=secret"],
    ["X=a#b#c", "Use --env NAME=secret"],
    ["=key", "Use --env NAME=secret"],
  ])("%s is refused before the command starts", async (reference, sentence) => {
    const refused = await run(reference, "console.log('started')");
    expect(refused).toMatchObject({ code: 125, stdout: "", stderr: expect.stringContaining(sentence) });
  });

  test.each(["Sales", "sALES", fabricId, fabricId.toUpperCase()])(
    "the fabric %s is that of the token",
    async (fabric) => {
      const words = ["run", "--fabric", fabric, "--env", "X=key", "--", "true"];
      expect(await selvage(words, automate())).toMatchObject({ code: 0, stderr: "" });
    },
  );

  const workloadToken = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";
  const otherId = "0199a7c2-0000-7000-8000-00000000ffff";
  test.each<[string, string, typeof whoami, string]>([
    [
      "a token of another fabric",
      pipelineToken,
      { status: 200, body: { fabric: { id: fabricId, name: "Stock" } } },
      "The token is for the fabric Stock, not for Sales",
    ],
    [
      "a workload's token of another fabric",
      workloadToken,
      { status: 200, body: { fabric: { id: fabricId, name: "Stock" } } },
      "The token is for the fabric Stock, not for Sales",
    ],
    [
      "a token that is not valid",
      pipelineToken,
      { status: 401, body: { error: { code: "unauthorized", message: "Send a valid token." } } },
      "The token is not accepted for Sales: it is wrong, expired, revoked or for another fabric, or not allowed from this address.",
    ],
    [
      "an Automate that is older than this command line",
      pipelineToken,
      { status: 404, body: { error: { code: "not_found", message: "Not found." } } },
      "Automate is older than this command line: update Automate, or use the command line of its version.",
    ],
    [
      "a rate that is used up",
      pipelineToken,
      { status: 429, body: { error: { code: "rate_limited", message: "Too many requests." } } },
      "Automate did not describe the token: Too many requests.",
    ],
    ["an address that is not Automate's", pipelineToken, { status: 200, body: "<html>" }, "is not Automate."],
  ])("%s is refused before any read", async (_what, token, identity, sentence) => {
    whoami = identity;
    const refused = await run("X=key", "console.log('started')", { SELVAGE_PIPELINE_TOKEN: token });
    expect(refused).toMatchObject({ code: 125, stdout: "", stderr: expect.stringContaining(sentence) });
    expect(requests).toEqual([{ path: "/v1/whoami", token: `Bearer ${token}` }]);
  });

  test("a fabric that is named with another fabric's id is not that fabric", async () => {
    whoami = { status: 200, body: { fabric: { id: fabricId, name: otherId } } };
    const words = ["run", "--fabric", otherId, "--env", "X=key", "--", "true"];
    expect((await selvage(words, automate())).code).toBe(125);
    expect(requests.map(({ path }) => path)).toEqual(["/v1/whoami"]);
  });

  test("the message names the variable whose value is too short to mask", async () => {
    const shown = await run("X=short", "console.log(process.env.X)");
    expect(shown).toMatchObject({
      code: 0,
      stdout: "abc\n",
      stderr: expect.stringMatching(/^X is too short/),
    });
  });

  test("its own failures exit with 125, otherwise it exits with the command's code", async () => {
    expect((await selvage(["run", "--fabric", "Sales"])).code).toBe(125);
    expect((await run("X=key", "process.exit(5)")).code).toBe(5);
    expect((await run("X=key", "", { SELVAGE_AUTOMATE_URL: "http://127.0.0.1:9" })).code).toBe(125);
    expect((await selvage(["run", "--help"])).code).toBe(0);
  });

  test("signals reach the command, and no debugger opens", async () => {
    const signals = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const;
    await Promise.all(
      signals.map(async (signal) => {
        const child = startRun(
          `process.on("${signal}", () => { console.log("got it"); process.exit(9); }); console.log("ready"); setInterval(() => {}, 1e4)`,
        );
        child.stdout.once("data", () => child.kill(signal));
        expect(await ended(child), signal).toMatchObject({ code: 9, stdout: "ready\ngot it\n", stderr: "" });
      }),
    );
  });

  test("it does not wait for the command's leftover processes, and prints the command's last output whole", async () => {
    const leave = `require("child_process").spawn("sleep", ["20"], { stdio: "inherit" }).unref(); process.stdout.write("x".repeat(300000) + "s3cret-val"); process.exitCode = 3; setTimeout(() => process.exit(), 300)`;
    const before = performance.now();
    const { code, stdout } = await run("X=key", leave);
    expect([code, stdout.length, stdout.slice(-10)]).toEqual([3, 300_010, "s3cret-val"]);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test("it does not wait for a leftover process that keeps writing", async () => {
    const leave = `require("child_process").spawn("sh", ["-c", "while sleep 0.1; do echo x || exit; done"], { stdio: "inherit" }).unref(); process.exit(3)`;
    const before = performance.now();
    expect((await run("X=key", leave)).code).toBe(3);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test.skipIf(!hasScript())(
    "at a terminal it explains the limits of masking, and the command receives Ctrl-C once",
    async () => {
      const count = `let n = 0; process.on("SIGINT", () => { n += 1; setTimeout(() => { console.log("n=" + n); process.exit(); }, 500); }); console.log("ready"); setInterval(() => {}, 1e4);`;
      writeFileSync(join(home, "count.js"), count);
      const words = `"${process.execPath}" "${program}" run --fabric Sales --env X=key -- "${process.execPath}" "${join(home, "count.js")}"`;
      const child = spawn("script", ["-qec", words, "/dev/null"], {
        env: {
          PATH: process.env.PATH,
          NODE_ENV: "test",
          XDG_CONFIG_HOME: home,
          SELVAGE_AUTOMATE_URL: url,
          SELVAGE_PIPELINE_TOKEN: pipelineToken,
        },
      });
      child.stdout.on("data", (chunk) => String(chunk).includes("ready") && child.stdin.write("\x03"));
      const output = await text(child.stdout);
      expect(output).toContain(
        "Output is masked, so the command has no terminal. To give it one, use --no-mask.",
      );
      expect(output).toContain("n=1");
    },
  );

  test("a closed output ends the command without an error message", async () => {
    const child = startRun(
      `process.stdout.on("error", () => process.exit(8)); setInterval(() => console.log("more"), 5)`,
    );
    child.stdout.once("data", () => child.stdout.destroy());
    const errors = text(child.stderr);
    const [code] = await once(child, "exit");
    expect([code, await errors]).toEqual([8, ""]);
  });
});

function hasScript(): boolean {
  return spawnSync("script", ["--version"]).stdout?.includes("util-linux") ?? false;
}
