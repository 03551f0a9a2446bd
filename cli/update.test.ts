import { spawn } from "node:child_process";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { commandLineOptions } from "@/launcher/release.mjs";
import { type Listening, listen } from "@/testing/servers/listening";

const [release, next, other] = [0, 1, 2].map(() => generateKeyPairSync("ed25519")) as [Pair, Pair, Pair];
type Pair = { publicKey: KeyObject; privateKey: KeyObject };
let programs: Record<"own" | "rotating" | "rotated", string>;
let folder: string;
let file: string;
let server: Listening;
let url: string;
/** The files that the server offers, and the addresses that it redirects to. */
let offered: Record<string, string | Buffer | URL>;

beforeAll(async () => {
  const bundle = async (...keys: Pair[]) => {
    const options = await commandLineOptions({ publicKeys: keys.map(({ publicKey }) => publicKey) });
    const { outputFiles } = await build({ ...options, outfile: "/selvage.mjs", write: false });
    return outputFiles[0]?.text ?? "";
  };
  programs = {
    own: await bundle(release),
    rotating: await bundle(release, next),
    rotated: await bundle(next),
  };
  server = await listen(
    createServer(({ url: path = "" }, response) => {
      const content = offered[path];
      if (content instanceof URL) return response.writeHead(302, { location: content.href }).end();
      response.writeHead(content === undefined ? 404 : 200).end(content);
    }),
  );
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "selvage-update-"));
  file = join(folder, "selvage");
  writeFileSync(file, programs.own, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

function offer(program: string, { privateKey }: Pair): void {
  const signature = sign(null, Buffer.from(program), privateKey);
  offered = { "/cli/selvage.mjs": program, "/cli/selvage.mjs.sig": signature };
}

/** The program of another version. */
const versioned = (program: string, version: string) =>
  program.replace(/^\/\/ Selvage command line .*$/m, `// Selvage command line ${version}`);

async function update(path = file) {
  const child = spawn(process.execPath, [path, "update"], {
    env: { PATH: process.env.PATH, NODE_ENV: "test", XDG_CONFIG_HOME: folder, SELVAGE_AUTOMATE_URL: url },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

const hash = (content: string) => createHash("sha256").update(content).digest("hex");
const installed = () => hash(readFileSync(file, "utf8"));

test("a signed newer program replaces this one, through a link, with its mode, and leaves no other file", async () => {
  chmodSync(file, 0o700);
  const link = join(folder, "link");
  symlinkSync(file, link);
  const newer = versioned(programs.own, "9.10.0");
  offer(newer, release);
  expect(await update(link)).toEqual({ code: 0, stderr: "", stdout: `Updated ${file} to 9.10.0.\n` });
  expect([installed(), statSync(file).mode & 0o777]).toEqual([hash(newer), 0o700]);
  expect(readdirSync(folder).sort()).toEqual(["link", "selvage"]);
  expect((await update()).stdout).toMatch(/ is up to date\.\n$/);
});

test("during a rotation the program accepts both keys, and afterwards the new one alone", async () => {
  offer(programs.rotating, release);
  expect((await update()).code).toBe(0);
  offer(programs.rotated, next);
  expect((await update()).code).toBe(0);
  expect(installed()).toBe(hash(programs.rotated));
  offer(programs.own, release);
  expect((await update()).code).toBe(1);
});

describe("a program is refused, and the file stays as it is,", () => {
  const newer = () => versioned(programs.own, "9.0.0");
  test.each([
    [
      "with one changed byte",
      () => (offered["/cli/selvage.mjs"] = `${newer()}\n`),
      "is not signed by a release key",
    ],
    ["with a changed signature", () => (offered["/cli/selvage.mjs.sig"] = Buffer.alloc(64)), "is not signed"],
    ["with a cut signature", () => (offered["/cli/selvage.mjs.sig"] = ""), "is not signed"],
    ["signed by another key", () => offer(newer(), other), "is not signed"],
    [
      "without a signature",
      () => delete offered["/cli/selvage.mjs.sig"],
      "offers no command line (status 404)",
    ],
    [
      "at an address that redirects",
      () => {
        offered["/moved"] = newer();
        offered["/cli/selvage.mjs"] = new URL("/moved", url);
      },
      "Automate does not answer",
    ],
    ["of an older version", () => offer(versioned(programs.own, "0.1.9"), release), "is older than this one"],
    ["without a version", () => offer("console.log(1)", release), "is older than this one"],
    ["of more than 16 MiB", () => offer(" ".repeat(17 * 1024 * 1024), release), "is too large"],
  ])("%s", async (_what, spoil, sentence) => {
    offer(newer(), release);
    spoil();
    const { code, stdout, stderr } = await update();
    expect([code === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toContain(sentence);
    expect(installed()).toBe(hash(programs.own));
    expect(readdirSync(folder)).toEqual(["selvage"]);
  });
});
