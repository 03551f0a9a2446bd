import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calculateJwkThumbprint } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeBackup } from "@/backup/write-backup";
import { type BackedUpSystem, createBackedUpSystem } from "@/testing/backed-up-system";
import { createBackupProgram } from "@/testing/backup-program";
import { backupFolder, queryAs, signAsAutomate } from "@/testing/backups";
import { createEmptyDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

/* Everything is lost but the backups, and a fingerprint that the operator kept elsewhere. */

let system: BackedUpSystem;
let program: ReturnType<typeof createBackupProgram>;
let fingerprint: string;

beforeAll(async () => {
  system = await createBackedUpSystem("canary-71b2c3");
  program = createBackupProgram();
  fingerprint = await calculateJwkThumbprint(system.publicKeys()[0]);
});
afterAll(async () => {
  await system.owner.$disconnect();
});

/** A backup of its own, to spoil. */
const copy = async () => (await system.back(backupFolder())).folder;

/** Restores into a new database, with neither AUTOMATE_PUBLIC_KEY nor a running automate. */
async function restore(folder: string, signedBy?: string) {
  const ownerUrl = await createEmptyDatabase();
  const prefix = new URL(ownerUrl).pathname.slice(1);
  const pinned = signedBy === undefined ? [] : ["--signed-by", signedBy];
  const env = { DATABASE_URL: ownerUrl, DB_ROLE_PREFIX: prefix };
  const ran = await program.run(env, "restore", "--from", folder, ...pinned);
  const [tables] = await queryAs<{ n: number }>(
    ownerUrl,
    "SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'",
  );
  return { ...ran, isChanged: tables?.n !== 0 };
}

/** Signs a changed manifest with another key, and puts its public half beside the backup, with these others. */
async function forge(folder: string, others: object[] = []) {
  const { automate, web } = await createTestKeys();
  const path = join(folder, "manifest.json");
  const text = readFileSync(path, "utf8").replace('"fabrics": 1', '"fabrics": 2');
  writeFileSync(path, text);
  const { id, takenAt } = JSON.parse(text);
  const manifest = createHash("sha256").update(text).digest("hex");
  const signature = await signAsAutomate(automate.AUTOMATE_SIGNING_KEY)({ backup: id, takenAt, manifest });
  writeFileSync(join(folder, "manifest.jws"), signature);
  const keys = [JSON.parse(web.AUTOMATE_PUBLIC_KEY), ...others];
  writeFileSync(join(folder, "signing-key.jwks"), JSON.stringify({ keys }));
}

test("a backup restores with the public key beside it when its fingerprint is given", async () => {
  const folder = await copy();
  const { keys } = JSON.parse(readFileSync(join(folder, "signing-key.jwks"), "utf8"));
  expect(keys).toEqual(system.publicKeys());
  expect(await restore(folder, fingerprint)).toMatchObject({
    code: 0,
    output: expect.stringContaining("Restored."),
  });
});

test("without the fingerprint, the key beside a backup is not believed", async () => {
  const { code, output, isChanged } = await restore(await copy());
  expect([code, isChanged]).toEqual([1, false]);
  expect(output).toContain("AUTOMATE_PUBLIC_KEY");
});

test("a backup that somebody signed anew is refused, with their key beside it and with both", async () => {
  const [replaced, added] = [await copy(), await copy()];
  await forge(replaced);
  await forge(added, system.publicKeys());
  const refused = { code: 1, isChanged: false };
  expect(await restore(replaced, fingerprint)).toMatchObject({
    ...refused,
    output: expect.stringContaining(`has the fingerprint ${fingerprint}`),
  });
  expect(await restore(added, fingerprint)).toMatchObject({
    ...refused,
    output: expect.stringMatching(/signature of .* is not valid/),
  });
});

test("a backup without the file says what to put there", async () => {
  const folder = await copy();
  rmSync(join(folder, "signing-key.jwks"));
  expect(await restore(folder, fingerprint)).toMatchObject({
    code: 1,
    isChanged: false,
    output: expect.stringMatching(/signing-key\.jwks is missing/),
  });
});

test("a backup that no known key signed is not kept", async () => {
  const other = await createTestKeys();
  const written = writeBackup({
    databaseUrl: system.urls.ownerUrl,
    parent: backupFolder(),
    sign: signAsAutomate(other.automate.AUTOMATE_SIGNING_KEY),
    publicKeys: system.publicKeys(),
  });
  await expect(written).rejects.toThrow("which AUTOMATE_PUBLIC_KEY does not contain. Nothing was kept.");
});
