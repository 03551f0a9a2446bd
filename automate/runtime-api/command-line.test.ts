import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRuntimeApp } from "@/automate/app";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { readCommandLine } from "@/automate/runtime-api/command-line";
import { closeDb, db } from "@/lib/db/client";
import { openKeyring } from "@/lib/kms/keyring";
import { createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

const program = "#!/usr/bin/env node\nconsole.log(1);\n";
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
let dir: string;
let app: ReturnType<typeof createRuntimeApp>;

beforeAll(async () => {
  const { automate } = await createTestKeys();
  await createTestDatabase("automate");
  Object.assign(process.env, automate);
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "selvage-served-"));
  write(privateKey);
});
afterEach(async () => {
  await app?.close();
  rmSync(dir, { recursive: true });
  await closeDb();
});

function write(key: KeyObject, verifier = publicKey): void {
  writeFileSync(join(dir, "selvage.mjs"), program);
  writeFileSync(join(dir, "selvage.mjs.sig"), sign(null, Buffer.from(program), key));
  writeFileSync(join(dir, "selvage.pub"), verifier.export({ type: "spki", format: "pem" }));
}

/** Starts automate with the folder. Returns its answers and what it printed at its start. */
async function serve() {
  const { MASTER_KEY_FILE = "", AUTOMATE_SIGNING_KEY = "" } = process.env;
  const keys = createFabricKeys(
    db,
    await openKeyring({ masterKeyFile: MASTER_KEY_FILE }),
    JSON.parse(AUTOMATE_SIGNING_KEY),
  );
  const { commandLine, problem } = await readCommandLine(dir);
  app = createRuntimeApp({ keys, logger: false, commandLine });
  const ask = (path: string, headers = {}, method: "GET" | "HEAD" | "POST" = "GET") =>
    app.inject({ method, url: path, headers });
  return { ask, problem };
}

test("everyone gets the program and its signature, with headers that fit a download", async () => {
  const { ask, problem } = await serve();
  expect(problem).toBeUndefined();
  const got = await ask("/cli/selvage.mjs");
  expect([got.statusCode, got.body]).toEqual([200, program]);
  const etag = `"${createHash("sha256").update(program).digest("base64url")}"`;
  const headers = {
    "content-type": "text/javascript; charset=utf-8",
    "content-length": String(program.length),
    "x-content-type-options": "nosniff",
    "content-disposition": "attachment",
    "cache-control": "public, no-cache",
    etag,
  };
  expect(got.headers).toMatchObject(headers);
  const head = await ask("/cli/selvage.mjs", {}, "HEAD");
  expect([head.statusCode, head.body]).toEqual([200, ""]);
  expect(head.headers).toMatchObject(headers);
  const cached = await ask("/cli/selvage.mjs", { "if-none-match": etag });
  expect([cached.statusCode, cached.body, cached.headers.etag]).toEqual([304, "", etag]);
  const signature = await ask("/cli/selvage.mjs.sig");
  expect(signature.rawPayload).toEqual(sign(null, Buffer.from(program), privateKey));
  expect(signature.headers["content-type"]).toBe("application/octet-stream");
});

test.each(["/cli/", "/cli/selvage.pub", "/cli/package.json", "/cli/..%2fautomate.mjs", "/cli/selvage.mjs/"])(
  "automate serves no other file: %s",
  async (path) => {
    expect((await (await serve()).ask(path)).statusCode).toBe(404);
  },
);

describe("automate does not serve", () => {
  const other = generateKeyPairSync("ed25519").privateKey;
  const ed448 = generateKeyPairSync("ed448");
  test.each([
    ["a changed program", () => writeFileSync(join(dir, "selvage.mjs"), `${program} `), "is not valid"],
    ["another key's signature", () => write(other), "is not valid"],
    ["another kind of key", () => write(ed448.privateKey, ed448.publicKey), "is not valid"],
    ["a cut signature", () => writeFileSync(join(dir, "selvage.mjs.sig"), "short"), "is not valid"],
    ["a damaged key", () => writeFileSync(join(dir, "selvage.pub"), "none"), "is not valid"],
    ["an unsigned program", () => rmSync(join(dir, "selvage.mjs.sig")), "does not contain"],
  ])("%s, and says so at its start", async (_what, spoil, sentence) => {
    spoil();
    const { ask, problem } = await serve();
    expect(problem).toContain(sentence);
    for (const path of ["/cli/selvage.mjs", "/cli/selvage.mjs.sig"]) {
      const { statusCode, body } = await ask(path);
      expect([statusCode, JSON.parse(body).error.message]).toEqual([
        404,
        "This Automate has no signed command line: ask its operator.",
      ]);
    }
  });
});
