import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBackup } from "@/backup/read-backup";
import { writeBackup } from "@/backup/write-backup";
import { type BackedUpSystem, createBackedUpSystem } from "@/testing/backed-up-system";
import { createBackupProgram } from "@/testing/backup-program";
import { backupFolder, queryAs, signAsAutomate } from "@/testing/backups";
import { createEmptyDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

let system: BackedUpSystem;

beforeAll(async () => {
  system = await createBackedUpSystem("canary-c2d3e4");
});
afterAll(() => system.owner.$disconnect());

const restore: BackedUpSystem["restore"] = (...args) => system.restore(...args);
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "not refused",
    (error: Error) => error.message,
  );
/** A backup of its own, to spoil. */
const copy = async () => (await system.back(backupFolder())).folder;

test("a truncated file is refused", async () => {
  const spoiled = await copy();
  truncateSync(join(spoiled, "secret_field.copy.gz"), 40);
  expect(await refusal(restore(spoiled, await createEmptyDatabase()))).toMatch(
    /secret_field\.copy\.gz is truncated: 40 of \d+ bytes\. Nothing was changed\./,
  );
});

test("an edited file, manifest or signature is refused", async () => {
  const file = await copy();
  appendFileSync(join(file, "app_user.copy.gz"), "x");
  expect(await refusal(restore(file, await createEmptyDatabase()))).toMatch(/app_user\.copy\.gz was changed/);
  const manifest = await copy();
  const path = join(manifest, "manifest.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"fabrics": 1', '"fabrics": 2'));
  expect(await refusal(restore(manifest, await createEmptyDatabase()))).toMatch(/manifest\.json was changed/);
  const other = await createTestKeys();
  const foreign = (
    await writeBackup({
      databaseUrl: system.urls.ownerUrl,
      parent: backupFolder(),
      sign: signAsAutomate(other.automate.AUTOMATE_SIGNING_KEY),
      publicKeys: [JSON.parse(other.web.AUTOMATE_PUBLIC_KEY)],
    })
  ).folder;
  expect(await refusal(restore(foreign, await createEmptyDatabase()))).toMatch(
    /signature of .* is not valid/,
  );
});

test("the terminal of the operator runs nothing that a changed backup contains", async () => {
  const folder = await copy();
  const header = Buffer.from(JSON.stringify({ alg: "EdDSA", kid: "\u001b]0;owned\u0007" })).toString(
    "base64url",
  );
  writeFileSync(join(folder, "manifest.jws"), `${header}.e30.AAAA`);
  const program = createBackupProgram();
  const env = {
    DATABASE_URL: await createEmptyDatabase(),
    AUTOMATE_PUBLIC_KEY: process.env.AUTOMATE_PUBLIC_KEY ?? "",
  };
  const { output } = await program.run(env, "restore", "--from", folder);
  expect(output).toContain("]0;owned");
  expect(output).not.toMatch(/[^\P{Cc}\n]/u);
});

test("a folder without a signature is no complete backup", async () => {
  expect(await refusal(findBackup(backupFolder()))).toMatch(/contains no complete backup/);
});

test("a backup of a newer version is refused", async () => {
  const newer = await writeNewer();
  expect(await refusal(restore(newer, await createEmptyDatabase()))).toMatch(/newer than this one/);
});

/** A backup as a version with one more migration would write it. */
async function writeNewer(): Promise<string> {
  const from = await copy();
  const path = join(from, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  manifest.migrations.push("29991231000000_later");
  const text = JSON.stringify(manifest);
  writeFileSync(path, text);
  const statement = {
    backup: manifest.id,
    takenAt: manifest.takenAt,
    manifest: createHash("sha256").update(text).digest("hex"),
  };
  writeFileSync(join(from, "manifest.jws"), await system.sign(statement));
  return from;
}

test("a database with rows, or of another program, is refused and stays unchanged", async () => {
  expect(await refusal(restore(await copy(), system.urls.ownerUrl))).toMatch(
    /is not empty: its table "\w+" has rows/,
  );
  const foreign = await createEmptyDatabase();
  await queryAs(foreign, "CREATE TABLE theirs (id int)");
  expect(await refusal(restore(await copy(), foreign))).toMatch(/is not empty: it has the table "theirs"/);
});
