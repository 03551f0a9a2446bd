import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { builds } from "@/launcher/build.mjs";
import { buildFolder, serverActions } from "@/testing/server-actions";
import { stack } from "@/testing/stack-address";

// In one worker, which reads the built files once.
test.describe.configure({ mode: "default" });

const root = resolve(import.meta.dirname, "..");

type BuiltFile = { path: string; text: string };

/** The built files of web, served or run. */
function filesOf(folder: string, kind: RegExp): BuiltFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && kind.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

/** Strings that survive minifying, from the sources that the build must exclude. */
function stringsOf(source: string): string[] {
  const text = readFileSync(join(root, source), "utf8")
    .replace(/^\s*(\/\/|\*|\/\*).*$/gm, "")
    .replace(/^import .*$/gm, "");
  return [...text.matchAll(/["`]([^"`$\n\\]{12,})["`]/g)].map(([, found = ""]) => found);
}

const opening = [
  "lib/crypto/open.ts",
  "lib/kms/providers/local.ts",
  "automate/secrets/require-destinations.ts",
  "lib/kms/keyring.ts",
  "automate/keys/choose-master-key.ts",
];
const drivers = {
  ssh2: /ssh2|node-ssh|curve25519-sha256@libssh/,
  oauth4webapi: /oauth4webapi/,
  "a client of a key service":
    /@aws-sdk\/client-kms|@azure\/(keyvault-keys|identity)|google-auth-library|pkcs11js/,
  undici: /from ?"undici"|require\("undici"\)/,
};

let client: BuiltFile[];
let server: BuiltFile[];
test.beforeAll(() => {
  client = filesOf(join(buildFolder(), "static"), /\.js$/);
  server = [
    ...filesOf(join(buildFolder(), "server"), /\.js$/),
    ...filesOf(join(root, builds.test.dist), /^web\.mjs$/),
  ];
});

test("the searched strings are found where they belong", () => {
  const automate = readFileSync(join(root, builds.test.dist, "automate.mjs"), "utf8");
  for (const source of opening) {
    const strings = stringsOf(source);
    expect(strings.length, source).toBeGreaterThan(0);
    expect(
      strings.some((text) => automate.includes(text)),
      source,
    ).toBe(true);
  }
  expect(readFileSync(join(root, builds.test.dist, "check-worker.mjs"), "utf8")).toMatch(drivers.ssh2);
});

test("no built file of web contains code that opens a sealed value", () => {
  const own = webSources();
  for (const source of opening) {
    // A string that web uses as well proves nothing.
    const strings = stringsOf(source).filter((text) => !own.includes(text));
    expect(strings.length, `${source} has nothing of its own to look for`).toBeGreaterThan(0);
    for (const { path, text } of [...client, ...server])
      expect(
        strings.filter((one) => text.includes(one)),
        `${path} holds ${source}`,
      ).toEqual([]);
  }
});

function webSources(): string {
  const folders = ["app", "components", "lib", "web"].map((name) => join(root, name));
  return folders
    .flatMap((folder) => filesOf(folder, /\.tsx?$/))
    .filter(({ path }) => !/lib\/(crypto\/open|kms\/|generated\/)|\.test\.ts/.test(path))
    .map(({ text }) => text)
    .join("\n");
}

test("web's build contains no driver of a check and no client of a key service, and the browser's files contain no server code", () => {
  for (const [name, pattern] of Object.entries(drivers))
    for (const { path, text } of [...client, ...server])
      expect(pattern.test(text), `${path} holds ${name}`).toBe(false);
  for (const { path, text } of client)
    expect(/SELECT .* FROM|PrismaClient|WEB_SIGNING_KEY|SESSION_SECRET/.test(text), path).toBe(false);
});

test("no page loads the connectors with its scripts: the server passes what a page shows of them", () => {
  const chunks = client.filter(({ text }) => text.includes("myorg-myaccount.snowflakecomputing.com"));
  // An import loads them when somebody chooses a file.
  expect(chunks.length).toBeGreaterThan(0);
  for (const { path, text } of filesOf(join(buildFolder(), "server/app"), /client-reference-manifest\.js$/))
    expect(
      chunks.filter((chunk) => text.includes(basename(chunk.path))),
      path,
    ).toEqual([]);
});

test("every page of a signed-in person contains what the buttons of toasts do, because a toast outlives its page", () => {
  const pages = filesOf(join(root, "app/(main)"), /^page\.tsx$/).map(({ path }) =>
    path.slice(root.length + 1, -4),
  );
  expect(pages.length).toBeGreaterThan(10);
  const actions = serverActions();
  for (const name of ["restoreSecretAction", "restoreConnectionAction", "undoReplacementAction"])
    expect(actions.get(name)?.pages, name).toEqual(expect.arrayContaining(pages));
});

test("neither web's environment nor its served files contain a key of automate", () => {
  const { webEnv, automateEnv } = stack();
  const master = readFileSync(automateEnv.MASTER_KEY_FILE ?? "", "utf8").trim();
  const { d } = JSON.parse(automateEnv.AUTOMATE_SIGNING_KEY ?? "{}");
  expect([master, d].every((key) => typeof key === "string" && key.length > 40)).toBe(true);
  const environment = JSON.stringify(webEnv);
  for (const key of [master, d, automateEnv.AUTOMATE_DATABASE_URL, automateEnv.MASTER_KEY_FILE])
    expect(environment).not.toContain(key);
  for (const { path, text } of [...client, ...server])
    for (const key of [master, d]) expect(text.includes(key), path).toBe(false);
});
