import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createDb, type Db } from "@/lib/db/client";
import { createTestAutomates } from "@/testing/automate";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { listen } from "@/testing/servers/listening";
import { openWire } from "@/testing/wire";

let keys: Awaited<ReturnType<typeof createTestKeys>>;
let urls: TestDatabase;
let owner: Db;
const automates = createTestAutomates(() => keys.automate);

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  Object.assign(process.env, keys.automate);
});

afterAll(async () => {
  await owner.$disconnect();
  automates.stopAll();
});

test("automate started before its database is alive and not ready, and serves soon after the database starts", async () => {
  const free = await listen(createServer());
  await free.close();
  const early = new URL(urls.automateUrl);
  Object.assign(early, { hostname: "127.0.0.1", port: String(free.port) });
  const { url, process } = await automates.launch({ AUTOMATE_DATABASE_URL: early.href });
  const status = (path: string) =>
    fetch(`${url}${path}`).then(
      (answer) => answer.status,
      () => 0,
    );
  await vi.waitFor(async () => expect(await status("/healthz")).toBe(200), 15_000);
  expect(await status("/readyz")).toBe(503);
  expect(await status("/v1/secrets/one")).toBe(503);
  const wire = await openWire(urls.automateUrl, free.port);
  await vi.waitFor(async () => expect(await status("/readyz")).toBe(200), { timeout: 10_000, interval: 50 });
  expect(process.exitCode).toBeNull();
  await wire.close();
});

/** Collects a process's standard error. */
function errorsOf({ stderr }: ChildProcess): () => string {
  let output = "";
  stderr?.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  return () => output;
}

test.each([
  [
    { migratedBy: "9.1.0", minimumProgramVersion: "9.0.0" },
    "Automate cannot start. The database was migrated by version 9.1.0, and this is 0.5.0: it needs version 9.0.0 or newer. Nothing was changed.\n",
  ],
  [
    { migratedBy: "0.1.0" },
    "Automate cannot start. The database was migrated by version 0.1.0, and this is 0.5.0: run npm run migrate of this version first.\n",
  ],
])("on a schema with %j automate exits with one sentence", async (schema, sentence) => {
  const former = await owner.schemaInfo.findFirstOrThrow();
  await owner.schemaInfo.updateMany({ data: schema });
  const { process } = await automates.launch({ AUTOMATE_DATABASE_URL: urls.automateUrl }, [], "pipe");
  const output = errorsOf(process);
  const [code] = await once(process, "close");
  await owner.schemaInfo.updateMany({ data: former });
  expect([code, output()]).toEqual([1, sentence]);
});

test("with a signing key other than its fabrics' automate logs that, and serves", async () => {
  await createTestFabric(owner);
  const { AUTOMATE_SIGNING_KEY } = (await createTestKeys()).automate;
  const env = { AUTOMATE_DATABASE_URL: urls.automateUrl, AUTOMATE_SIGNING_KEY };
  const { process } = await automates.start(env, [], "pipe");
  const output = errorsOf(process);
  await expect
    .poll(output, { timeout: 5_000 })
    .toMatch(
      /^AUTOMATE_SIGNING_KEY \([\w-]{43}\) did not sign the newest fabric key\. Restore the previous signing key from your backup, or sign the keys of all fabrics with the present one: npm run admin -- keys resign\. /,
    );
});

test("with a keyring automate names its keys, and warns which fabrics need another one", async () => {
  const { fabricId } = await createTestFabric(owner, "keyring");
  await owner.fabricKey.updateMany({ where: { fabricId }, data: { masterKeyId: "goneAAAAAAAAAAAA" } });
  const config = join(mkdtempSync(join(tmpdir(), "selvage-keyring-")), "keyring.json");
  const file = keys.automate.MASTER_KEY_FILE;
  const settings = {
    primary: "on disk",
    keys: [
      { label: "on disk", provider: "local", file },
      { label: "former", provider: "local", file: `${config}.gone` },
    ],
  };
  writeFileSync(config, JSON.stringify(settings), { mode: 0o600 });
  const env = { AUTOMATE_DATABASE_URL: urls.automateUrl, KMS_CONFIG: config, MASTER_KEY_FILE: "" };
  const { process } = await automates.start(env, [], "pipe");
  const output = errorsOf(process);
  await expect
    .poll(output, { timeout: 5_000 })
    .toMatch(
      /^The keyring has no master key goneAAAAAAAAAAAA, which 1 fabric needs: “keyring [^”]+” of team “/m,
    );
  expect(output()).toContain(
    `Master key “former” cannot be used. The master key file ${config}.gone is missing: restore it from your backup.`,
  );
  await expect
    .poll(() => owner.masterKey.findMany(), { timeout: 5_000 })
    .toMatchObject([{ label: "on disk", provider: "local", isPrimary: true, state: "enabled" }]);
  await owner.fabricKey.deleteMany({ where: { fabricId } });
});

test.each([
  [`{"primary":"a","keys":[]}`, "keys: list at least one key"],
  [`{`, "is not JSON."],
])("with a keyring %s automate does not start, and says why", async (text, sentence) => {
  const config = join(mkdtempSync(join(tmpdir(), "selvage-keyring-")), "keyring.json");
  writeFileSync(config, text, { mode: 0o600 });
  const env = { AUTOMATE_DATABASE_URL: urls.automateUrl, KMS_CONFIG: config };
  const { process } = await automates.launch(env, [], "pipe");
  const output = errorsOf(process);
  const [code] = await once(process, "close");
  expect([code, output()]).toEqual([1, expect.stringContaining(sentence)]);
});

test("automate opens a port for Vault's paths when it is told to, and refuses one that is taken by its own", async () => {
  const free = await listen(createServer());
  await free.close();
  const vault = { AUTOMATE_DATABASE_URL: urls.automateUrl, AUTOMATE_VAULT_PORT: String(free.port) };
  const { process } = await automates.start(vault);
  const answer = await fetch(`http://127.0.0.1:${free.port}/v1/sys/init`);
  expect(await answer.json()).toEqual({ initialized: true });
  process.kill("SIGKILL");
  const same = { AUTOMATE_DATABASE_URL: urls.automateUrl, AUTOMATE_PORT: String(free.port) };
  const refused = await automates.launch({ ...same, AUTOMATE_VAULT_PORT: String(free.port) }, [], "pipe");
  expect(await text(refused.process.stderr as Readable)).toContain(
    "AUTOMATE_VAULT_PORT: is the same as AUTOMATE_PORT or AUTOMATE_INTERNAL_PORT: change one of them",
  );
});
