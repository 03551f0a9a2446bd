import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLineOptions, release, releaseInto, releaseKeys } from "@/launcher/release.mjs";

const root = resolve(import.meta.dirname, "..");
const dir = mkdtempSync(join(tmpdir(), "selvage-release-"));
const keyFile = join(dir, "release.pem");
const nextFile = join(dir, "next.pub");
const released = join(dir, "cli");
const program = () => readFileSync(join(released, "selvage.mjs"), "utf8");

beforeAll(async () => {
  execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", keyFile]);
  chmodSync(keyFile, 0o600);
  const next = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" });
  writeFileSync(nextFile, next);
  await release(released, await releaseKeys({ RELEASE_KEY_FILE: keyFile }));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** The command of docs/operations.md. */
const verify = (folder: string) =>
  spawnSync(
    "openssl",
    ["pkeyutl", "-verify", "-pubin", "-inkey", "selvage.pub", "-rawin"].concat([
      "-in",
      "selvage.mjs",
      "-sigfile",
      "selvage.mjs.sig",
    ]),
    { cwd: folder, encoding: "utf8" },
  ).stdout.trim();

test("the same sources and key give the same bytes in another folder", async () => {
  const copy = join(dir, "elsewhere/checkout");
  const { publicKeys } = await releaseKeys({ RELEASE_KEY_FILE: keyFile });
  for (const path of ["cli", "lib", "package.json", "tsconfig.json"])
    cpSync(join(root, path), join(copy, path), { recursive: true });
  for (const name of ["commander", "papaparse", "yaml", "zod", "ipaddr.js"])
    cpSync(join(root, "node_modules", name), join(copy, "node_modules", name), { recursive: true });
  const { outputFiles } = await build({
    ...(await commandLineOptions({ publicKeys, root: copy })),
    outfile: join(copy, "selvage.mjs"),
    write: false,
  });
  expect(outputFiles[0]?.text).toBe(program());
  expect(program()).not.toContain(tmpdir());
});

test("OpenSSL verifies the program with the public key beside it, and refuses one changed byte", () => {
  expect(verify(released)).toBe("Signature Verified Successfully");
  const copy = join(dir, "changed");
  cpSync(released, copy, { recursive: true });
  writeFileSync(join(copy, "selvage.mjs"), `${program()} `);
  expect(verify(copy)).toBe("Signature Verification Failure");
});

test("the command of the README verifies the program by the published line, and refuses one changed byte", () => {
  const readme = readFileSync(join(root, "cli/README.md"), "utf8");
  const [, command = ""] = /```sh\n(node -e [\s\S]*?) MCow\S+\n```/.exec(readme) ?? [];
  const key = readFileSync(join(released, "selvage.pub"), "utf8").split("\n")[1] ?? "";
  const output = (folder: string, by = key) =>
    spawnSync("sh", ["-c", `${command} ${by}`], { cwd: folder, encoding: "utf8" }).stdout.trim();
  expect(output(released)).toBe("verified");
  const copy = join(dir, "changed again");
  cpSync(released, copy, { recursive: true });
  writeFileSync(join(copy, "selvage.mjs"), `${program()} `);
  expect(output(copy)).toBe("NOT VERIFIED");
  const other = generateKeyPairSync("ed25519").publicKey;
  expect(output(released, other.export({ type: "spki", format: "der" }).toString("base64"))).toBe(
    "NOT VERIFIED",
  );
});

test("the program names the release keys that it trusts", () => {
  const key = readFileSync(join(released, "selvage.pub"), "utf8").split("\n")[1] ?? "";
  const file = join(released, "selvage.mjs");
  const { stdout } = spawnSync(process.execPath, [file, "update", "--help"], { encoding: "utf8" });
  expect(stdout).toContain(`Release keys that this program trusts:\n  ${key}`);
});

test("the program contains the public half of its key, and no private half is in the folder", () => {
  const privateKey = createPrivateKey(readFileSync(keyFile));
  const [der, seed] = [
    readFileSync(join(released, "selvage.pub"), "utf8").split("\n")[1] ?? "",
    privateKey.export({ format: "jwk" }).d ?? "",
  ];
  expect(program()).toContain(der);
  for (const file of ["selvage.mjs", "selvage.pub", "package.json"]) {
    const content = readFileSync(join(released, file), "utf8");
    expect([content.includes("PRIVATE"), content.includes(seed)]).toEqual([false, false]);
  }
});

test("during a rotation the old key signs, and the program contains both public halves", async () => {
  const rotated = join(dir, "rotated");
  const given = { RELEASE_KEY_FILE: keyFile, RELEASE_NEXT_KEY_FILE: nextFile };
  await release(rotated, await releaseKeys(given));
  expect(verify(rotated)).toBe("Signature Verified Successfully");
  const content = readFileSync(join(rotated, "selvage.mjs"), "utf8");
  for (const file of [nextFile, join(released, "selvage.pub")])
    expect(content).toContain(readFileSync(file, "utf8").split("\n")[1]);
});

test("with a public key the program is built and left to be signed elsewhere", async () => {
  const unsigned = join(dir, "unsigned");
  const publicFile = join(released, "selvage.pub");
  await release(unsigned, await releaseKeys({ RELEASE_KEY_FILE: keyFile }));
  const keys = await releaseKeys({ RELEASE_KEY_FILE: publicFile });
  expect(keys.notice).toMatch(/is not signed yet/);
  await release(unsigned, keys);
  expect(existsSync(join(unsigned, "selvage.mjs.sig"))).toBe(false);
  expect(readFileSync(join(unsigned, "selvage.mjs"), "utf8")).toBe(program());
  const sign = [
    "pkeyutl",
    "-sign",
    "-inkey",
    keyFile,
    "-rawin",
    "-in",
    "selvage.mjs",
    "-out",
    "selvage.mjs.sig",
  ];
  execFileSync("openssl", sign, { cwd: unsigned });
  expect(verify(unsigned)).toBe("Signature Verified Successfully");
});

describe("a release refuses", () => {
  test.each([
    ["a key that other users can read", () => chmodSync(keyFile, 0o644), "Run: chmod 600"],
    ["another kind of key", () => writeFileSync(keyFile, rsa()), "is not an Ed25519 key in PEM format"],
    ["a text that is no key", () => writeFileSync(keyFile, "none"), "is not an Ed25519 key in PEM format"],
    ["a missing file", () => rmSync(keyFile), "cannot be read (ENOENT)"],
  ])("%s, with a sentence", async (_what, spoil, sentence) => {
    const former = readFileSync(keyFile);
    spoil();
    await expect(releaseKeys({ RELEASE_KEY_FILE: keyFile })).rejects.toThrow(sentence);
    writeFileSync(keyFile, former, { mode: 0o600 });
    chmodSync(keyFile, 0o600);
  });
});

test("npm start makes one key in the data folder, which only its own user reads, and names its loss", async () => {
  const dataDir = join(dir, "data");
  const keysDir = join(dir, "keys");
  execFileSync("mkdir", ["-m", "700", keysDir]);
  const first = await releaseInto({ dataDir, keysDir, given: {} });
  expect(first).toEqual({ dir: join(dataDir, "cli"), notice: undefined });
  expect(statSync(join(keysDir, "release.pem")).mode & 0o777).toBe(0o600);
  const signature = () => readFileSync(join(dataDir, "cli/selvage.mjs.sig"), "hex");
  const before = signature();
  expect((await releaseInto({ dataDir, keysDir, given: {} })).notice).toBeUndefined();
  expect(signature()).toBe(before);
  rmSync(join(keysDir, "release.pem"));
  const { notice } = await releaseInto({ dataDir, keysDir, given: {} });
  expect(notice).toMatch(/release\.pem was missing\. Selvage created a new one/);
  expect(signature()).not.toBe(before);
});

test("the package contains the program alone, without dependencies, and npm cannot publish it", () => {
  const packed = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", released], {
      encoding: "utf8",
      cwd: dir,
      stdio: "pipe",
    }),
  );
  expect(packed[0].files.map(({ path }: { path: string }) => path).sort()).toEqual([
    "LICENSE",
    "README.md",
    "package.json",
    "selvage.mjs",
  ]);
  const manifest = JSON.parse(readFileSync(join(released, "package.json"), "utf8"));
  expect([manifest.private, manifest.dependencies]).toEqual([true, undefined]);
});

test("no page or document runs a package that is not installed from the lock file", () => {
  const files = execFileSync("git", ["ls-files", "*.md", "app", "components", "cli", "*.json"], {
    cwd: root,
    encoding: "utf8",
  });
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const strangers = files
    .split("\n")
    .filter(Boolean)
    .flatMap((file) =>
      [
        ...readFileSync(join(root, file), "utf8").matchAll(
          /\bnpx (?:--?\w+ )*([@\w][\w@/.-]*)|npm (?:i|install) (?:--?[\w=-]+ )*([@\w][\w@/.-]*)/g,
        ),
      ].map(([text, run, installed]) => ({
        file,
        text,
        isKnown: `node_modules/${run ?? installed}` in packages,
      })),
    )
    .filter(({ isKnown }) => !isKnown);
  expect(strangers).toEqual([]);
});

test("npm packs nothing of the repository", () => {
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--dry-run"], { cwd: root, encoding: "utf8" });
  expect(status).not.toBe(0);
  expect(stdout + stderr).toContain(
    "This folder is not a package: run npm run build, then npm pack ./dist/cli",
  );
});

function rsa() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}
