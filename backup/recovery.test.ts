import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { newPipelineToken } from "@/lib/access/pipeline";
import { verifyFabricKey } from "@/lib/crypto/fabric-key";
import { createDb, type Db } from "@/lib/db/client";
import type { OperatorBody, OperatorPurpose } from "@/lib/internal-api/operator-contract";
import { createTestAutomates } from "@/testing/automate";
import { createBackupProgram } from "@/testing/backup-program";
import { backupFolder, queryAs } from "@/testing/backups";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { keyringOf, newMasterKey } from "@/testing/keyring-files";
import { createTestKeys, signingKey } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

// Each test restores a backup and starts programs.
vi.setConfig({ testTimeout: 90_000 });

// Plays docs/recovery.md with the programs as they are shipped. e2e/recovery.spec.ts loses a data folder.

const program = createBackupProgram();
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let urls: TestDatabase;
let owner: Db;
let ours: TestFabric;
/** A fabric under a master key of its own. */
let theirs: TestFabric;
let ownKeyFile: string;
let internalUrl: string;
let parent: string;
const tokens: Record<string, string> = {};
const values = { ours: "canary-0a1b2c", theirs: "canary-3d4e5f" };
const automates = createTestAutomates(() => ({
  ...keys.automate,
  AUTOMATE_DATABASE_URL: urls.automateUrl,
  KMS_CONFIG: bothKeys(),
}));

beforeAll(async () => {
  keys = await createTestKeys();
  urls = await createTestDatabase("automate", { ownRoles: true });
  Object.assign(process.env, keys.automate, keys.web);
  owner = createDb(urls.ownerUrl);
  ours = await createTestFabric(owner, "ours");
  ownKeyFile = newMasterKey();
  process.env.MASTER_KEY_FILE = ownKeyFile;
  theirs = await createTestFabric(owner, "theirs");
  process.env.MASTER_KEY_FILE = keys.automate.MASTER_KEY_FILE;
  for (const [name, fabric] of Object.entries({ ours, theirs })) {
    await addTestSecret(owner, fabric, urls.webUrl, {
      id: name,
      subKind: "text",
      versions: [{ by: "user", fields: { value: values[name as "ours" | "theirs"] } }],
    });
    const { token, tokenHash } = newPipelineToken();
    tokens[name] = token;
    const { id: createdById, name: createdByName } = fabric.admin;
    const row = { fabricId: fabric.fabricId, name: "nightly", tokenHash, createdById, createdByName };
    await owner.pipelineToken.create({ data: row });
  }
  const automate = await automates.start();
  internalUrl = automate.internalUrl;
  parent = backupFolder();
  expect(await operate({}, "backup", "--to", parent)).toMatchObject({ code: 0 });
});
afterEach(() => {
  for (const copy of copies.splice(0)) copy.kill("SIGKILL");
});
afterAll(async () => {
  automates.stopAll();
  await owner.$disconnect();
});

const copies: ChildProcess[] = [];

/** Starts a copy of automate until the test ends. */
async function startCopy(env: Record<string, string> = {}) {
  const copy = await automates.start(env);
  copies.push(copy.process);
  return copy;
}

const bothKeys = () => keyringOf(keys.automate.MASTER_KEY_FILE, ownKeyFile);

const operate = (env: Record<string, string>, ...args: string[]) =>
  program.run(
    {
      DATABASE_URL: urls.ownerUrl,
      AUTOMATE_URL: internalUrl,
      AUTOMATE_PUBLIC_KEY: keys.web.AUTOMATE_PUBLIC_KEY,
      ...keys.operator,
      ...env,
    },
    ...args,
  );

/** Restores the backup into a new database, and returns it with automate's login. */
async function restored(): Promise<{ ownerUrl: string; automateUrl: string }> {
  const ownerUrl = await createEmptyDatabase();
  const prefix = new URL(ownerUrl).pathname.slice(1);
  const login = `${prefix}_automate_login`;
  const { code, output } = await operate(
    { DATABASE_URL: ownerUrl, DB_ROLE_PREFIX: prefix, MIGRATE_LOGINS: JSON.stringify({ [login]: "test" }) },
    "restore",
    "--from",
    parent,
  );
  expect([code, output]).toEqual([0, expect.stringContaining("Restored.")]);
  const automateUrl = new URL(ownerUrl);
  Object.assign(automateUrl, { username: login, password: "test" });
  return { ownerUrl, automateUrl: automateUrl.href };
}

/** Reads a secret as a pipeline does. Returns its value, or the code of the error. */
async function read(url: string, name: "ours" | "theirs"): Promise<string> {
  const headers = { authorization: `Bearer ${tokens[name]}` };
  const answer = await fetch(`${url}/v1/secrets/${name}`, { headers });
  const body = await answer.json();
  return answer.ok ? body.value : body.error.code;
}

test("a lost database: the backup is restored into a new one, and pipelines read the same values", async () => {
  const { automateUrl } = await restored();
  const { url } = await startCopy({ AUTOMATE_DATABASE_URL: automateUrl });
  expect([await read(url, "ours"), await read(url, "theirs")]).toEqual([values.ours, values.theirs]);
});

test("an ETag from before a restore does not match afterwards: its version may stand for another value by now", async () => {
  const before = await startCopy();
  const headers = { authorization: `Bearer ${tokens.ours}` };
  const first = await fetch(`${before.url}/v1/secrets/ours`, { headers });
  const etag = first.headers.get("etag") ?? "";
  const again = (url: string, tag: string) =>
    fetch(`${url}/v1/secrets/ours`, { headers: { ...headers, "if-none-match": tag } });
  expect((await again(before.url, etag)).status).toBe(304);
  const { automateUrl } = await restored();
  const { url } = await startCopy({ AUTOMATE_DATABASE_URL: automateUrl });
  const after = await again(url, etag);
  expect(after.status).toBe(200);
  expect((await again(url, after.headers.get("etag") ?? "")).status).toBe(304);
});

test("a wrong master key: automate refuses to start, names both keys, and starts with the right one", async () => {
  const { automateUrl } = await restored();
  const wrong = { AUTOMATE_DATABASE_URL: automateUrl, KMS_CONFIG: keyringOf(newMasterKey()) };
  const { process: refused } = await automates.launch(wrong, [], "pipe");
  const output = text(refused.stderr as Readable);
  const [code] = await once(refused, "exit");
  expect([code, await output]).toEqual([
    1,
    expect.stringMatching(/Wrong master key \([\w-]{16}\): .* sealed under/),
  ]);
  const { url } = await startCopy({ AUTOMATE_DATABASE_URL: automateUrl });
  expect(await read(url, "ours")).toBe(values.ours);
});

test("one fabric's key is gone: that fabric alone stops, the drill names its key, and with the key back all is as before", async () => {
  const { automateUrl } = await restored();
  const without = { KMS_CONFIG: keyringOf(keys.automate.MASTER_KEY_FILE) };
  const automate = await startCopy({ AUTOMATE_DATABASE_URL: automateUrl, ...without });
  expect([await read(automate.url, "ours"), await read(automate.url, "theirs")]).toEqual([
    values.ours,
    "key_missing",
  ]);
  const drill = await operate(
    { AUTOMATE_URL: automate.internalUrl, DATABASE_URL: urls.ownerUrl },
    "drill",
    "--from",
    parent,
  );
  expect(drill).toMatchObject({
    code: 1,
    output: expect.stringMatching(/no master key with this fingerprint[\s\S]*1 of 2 fabrics/),
  });
  const back = await startCopy({ AUTOMATE_DATABASE_URL: automateUrl });
  expect(await read(back.url, "theirs")).toBe(values.theirs);
});

test("a backup from before a rotation of the master key opens as long as the keyring has the former one", async () => {
  const isRotated = keyringOf(newMasterKey(), keys.automate.MASTER_KEY_FILE, ownKeyFile);
  const system = await createTestDatabase("automate", { ownRoles: true });
  const kept = await startCopy({ KMS_CONFIG: isRotated, AUTOMATE_DATABASE_URL: system.automateUrl });
  const env = { AUTOMATE_URL: kept.internalUrl, DATABASE_URL: system.ownerUrl };
  expect(await operate(env, "drill", "--from", parent)).toMatchObject({
    code: 0,
    output: expect.stringMatching(
      /"key 1": 1 opened, 0 not[\s\S]*"key 2": 1 opened, 0 not|"key 2": 1 opened, 0 not[\s\S]*"key 1": 1 opened, 0 not/,
    ),
  });
});

test("a lost signing key: reads go on, and keys resign makes every fabric writable again; old backups verify with the former public key", async () => {
  const { ownerUrl, automateUrl } = await restored();
  const { publicJwk, privateJwk } = await signingKey();
  const automate = await startCopy({
    AUTOMATE_DATABASE_URL: automateUrl,
    AUTOMATE_SIGNING_KEY: JSON.stringify(privateJwk),
  });
  expect(await read(automate.url, "ours")).toBe(values.ours);
  expect(await askKeys(automate.internalUrl, "keys:resign", {})).toMatchObject({ resigned: 2, refused: [] });
  const rows = await queryAs<Parameters<typeof verifyFabricKey>[0]>(ownerUrl, "SELECT * FROM fabric_key");
  for (const row of rows) await verifyFabricKey(row, [publicJwk]);
  const empty = await createEmptyDatabase();
  const refused = await operate(
    { DATABASE_URL: empty, AUTOMATE_PUBLIC_KEY: JSON.stringify(publicJwk) },
    "restore",
    "--from",
    parent,
  );
  expect(refused).toMatchObject({
    code: 1,
    output: expect.stringMatching(/No accepted key signed it/),
  });
  const both = JSON.stringify({ keys: [publicJwk, JSON.parse(keys.web.AUTOMATE_PUBLIC_KEY)] });
  expect(
    await operate(
      { DATABASE_URL: empty, AUTOMATE_PUBLIC_KEY: both, DB_ROLE_PREFIX: new URL(empty).pathname.slice(1) },
      "restore",
      "--from",
      parent,
    ),
  ).toMatchObject({ code: 0 });
});

/** Runs an operator's command about keys, as `npm run admin -- keys …` does. */
async function askKeys<P extends OperatorPurpose>(at: string, purpose: P, body: OperatorBody<P>) {
  vi.resetModules();
  Object.assign(process.env, { AUTOMATE_URL: at, ...keys.operator });
  const { askAsOperator } = await import("@/lib/internal-api/operator-client");
  return askAsOperator(purpose, body);
}

/** Stores a new version of our secret, sealed as web seals it now. */
async function replaceValue(ownerUrl: string, version: number, value: string): Promise<void> {
  const db = createDb(ownerUrl);
  const { fabricId, user } = ours;
  const by = { createdById: user.id, createdByName: user.name };
  process.env.WEB_DATABASE_URL = urls.webUrl;
  const { sealFields, sealingKey } = await import("@/lib/secrets/sealing");
  const sealed = await sealFields(
    await sealingKey(fabricId, db),
    { secretId: "ours", subKind: "text", version },
    { value },
  );
  delete process.env.WEB_DATABASE_URL;
  const row = { secretId: "ours", version, fabricId, manifest: { value: version }, metadata: {}, ...by };
  await db.secretVersion.create({ data: row });
  await db.secretField.createMany({ data: sealed });
  await db.$disconnect();
}

test("a lost master key: automate starts when its loss is accepted, and a value that is replaced after rotate-fabric opens", async () => {
  const { ownerUrl, automateUrl } = await restored();
  const lost = (
    await queryAs<{ id: string }>(ownerUrl, `SELECT DISTINCT "masterKeyId" AS id FROM fabric_key ORDER BY 1`)
  ).map(({ id }) => id);
  const env = { AUTOMATE_DATABASE_URL: automateUrl, KMS_CONFIG: keyringOf(newMasterKey()) };
  const automate = await startCopy({ ...env, LOST_MASTER_KEYS: lost.join(",") });
  expect(await read(automate.url, "ours")).toBe("key_missing");
  await askKeys(automate.internalUrl, "keys:rotate-fabric", { fabric: ours.fabricId });
  await replaceValue(ownerUrl, 2, "canary-after-loss");
  expect(await read(automate.url, "ours")).toBe("canary-after-loss");
  expect(await read(automate.url, "theirs")).toBe("key_missing");
});

test("a leaked master key: after both rotations nothing is under it, every value opens, and older backups still need it", async () => {
  const { ownerUrl, automateUrl } = await restored();
  const fresh = newMasterKey();
  const all = [fresh, keys.automate.MASTER_KEY_FILE, ownKeyFile];
  const automate = await startCopy({
    AUTOMATE_DATABASE_URL: automateUrl,
    KMS_CONFIG: keyringOf(...all),
  });
  await askKeys(automate.internalUrl, "keys:rotate-master", {});
  for (const { fabricId } of [ours, theirs])
    await askKeys(automate.internalUrl, "keys:rotate-fabric", { fabric: fabricId });
  const left = async () => {
    // A minute passes: until then, a transaction that began before may still need the former pair.
    const earlier = "now() - interval '2 minutes'";
    await queryAs(ownerUrl, `UPDATE key_rotation SET "startedAt" = ${earlier}`);
    await queryAs(ownerUrl, `UPDATE fabric_key SET "emptySince" = ${earlier} WHERE "emptySince" IS NOT NULL`);
    return queryAs(ownerUrl, "SELECT kind, state FROM key_rotation WHERE state <> 'done'");
  };
  await expect.poll(left, { timeout: 20_000 }).toEqual([]);
  const under = await queryAs<{ id: string }>(
    ownerUrl,
    `SELECT DISTINCT "masterKeyId" AS id FROM fabric_key`,
  );
  expect(under).toHaveLength(1);
  const without = await startCopy({ AUTOMATE_DATABASE_URL: automateUrl, KMS_CONFIG: keyringOf(fresh) });
  expect([await read(without.url, "ours"), await read(without.url, "theirs")]).toEqual([
    values.ours,
    values.theirs,
  ]);
  const env = { AUTOMATE_URL: without.internalUrl, DATABASE_URL: ownerUrl };
  expect(await operate(env, "drill", "--from", parent)).toMatchObject({ code: 1 });
  const later = backupFolder();
  expect(await operate(env, "backup", "--to", later)).toMatchObject({ code: 0 });
  expect(await operate(env, "drill", "--from", later)).toMatchObject({ code: 0 });
});
