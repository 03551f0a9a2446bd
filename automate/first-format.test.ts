import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFabricKeys, type FabricKeys } from "@/automate/keys/fabric-keys";
import { claimRotation } from "@/automate/keys/key-rotation";
import { requireKeyring } from "@/automate/keys/require-keyring";
import { resignFabricKeys } from "@/automate/keys/resign";
import { rewrap, startMasterRotation } from "@/automate/keys/rewrap";
import { rotateFabricKey, startFabricRotation } from "@/automate/keys/rotate-fabric-key";
import { openSecrets } from "@/automate/secrets/open-secret";
import { reseal } from "@/automate/secrets/reseal";
import { findSecretById } from "@/automate/secrets/usable-secret";
import { grant } from "@/lib/access/scope";
import { systemActor } from "@/lib/access/system-actor";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { type Keyring, openKeyring } from "@/lib/kms/keyring";
import { applyMigrations } from "@/prisma/migrate/apply-migrations";
import { asMigrator, migrate } from "@/prisma/migrate/migration";
import archive from "@/testing/archives/0.2.0.json";
import { createEmptyDatabase } from "@/testing/database";
import { existing } from "@/testing/fabric";
import { signingKey } from "@/testing/keys";

// The archive holds every row and key of an installation of version 0.2.0, the first whose formats are kept. A
// change after which this test is red makes the stored secrets of every installation unreadable.

const folder = mkdtempSync(join(tmpdir(), "selvage-archive-"));
const values: Record<string, Record<string, string>> = archive.values;
const tables: Record<string, object[]> = archive.tables;
/** In the order of the foreign keys. */
const order = [
  ...["schema_info", "data_step", "app_user", "team", "membership", "fabric", "fabric_key"],
  ...["secret", "secret_name", "secret_version", "secret_field"],
];
let owner: Db;
let keyring: Keyring;
let keys: FabricKeys;

function keyFile(name: string, key = randomBytes(32).toString("base64url")): string {
  const file = join(folder, name);
  writeFileSync(file, key, { mode: 0o600 });
  return file;
}

/** The primary, and the archive's own master key. */
async function openKeys(...files: string[]): Promise<void> {
  const list = files.map((file) => ({ label: file, provider: "local", file }));
  const configFile = keyFile("keyring.json", JSON.stringify({ primary: files[0], keys: list }));
  keyring = await openKeyring({ configFile });
  keys = createFabricKeys(db, keyring, JSON.parse(archive.automate.AUTOMATE_SIGNING_KEY));
}

beforeAll(async () => {
  const databaseUrl = await createEmptyDatabase();
  const rolePrefix = new URL(databaseUrl).pathname.slice(1);
  await asMigrator(databaseUrl, async (client) => {
    const names = tables._prisma_migrations?.map((row) => String(Reflect.get(row, "migration_name")));
    await applyMigrations(client, databaseUrl, () => {}, names);
    await client.query("TRUNCATE schema_info, data_step");
    for (const table of order)
      await client.query(
        `INSERT INTO "${table}" SELECT * FROM json_populate_recordset(null::"${table}", $1)`,
        [JSON.stringify(tables[table])],
      );
  });
  const login = `${rolePrefix}_automate_login`;
  await migrate({ databaseUrl, rolePrefix, logins: { [login]: "test" } });
  const url = new URL(databaseUrl);
  Object.assign(url, { username: login, password: "test" });
  Object.assign(process.env, archive.automate, {
    AUTOMATE_DATABASE_URL: url.href,
    MASTER_KEY_FILE: keyFile("archive.key", archive.masterKey),
  });
  owner = createDb(databaseUrl);
  await openKeys(join(folder, "archive.key"));
});
afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
  rmSync(folder, { recursive: true });
});

/** Every value of the installation, as pipelines read it. */
async function readAll(): Promise<Record<string, Record<string, string>>> {
  const all: Record<string, Record<string, string>> = {};
  for (const { id, fabricId, fabric } of await owner.secret.findMany({ include: { fabric: true } })) {
    const secret = await findSecretById({ fabricId }, id);
    if (!secret) throw new Error(`${id} is gone`);
    const actor = { kind: "pipeline", id: "p", name: "nightly" } as const;
    const scope = grant(
      actor,
      "pipeline",
      { ...existing, id: fabricId, teamId: fabric.teamId },
      "secret:use",
    );
    const openings = [{ secret, fields: Object.keys(values[id] ?? {}) }];
    const [opened = {}] = await openSecrets(keys, { for: "pipeline", scope, source: "127.0.0.1", openings });
    all[id] = Object.fromEntries(Object.entries(opened).map(([field, value]) => [field, value.revealText()]));
  }
  return all;
}

describe("an installation with the first formats of sealed values and wrapped keys", () => {
  test("is upgraded, starts and reads every value", async () => {
    expect(await requireKeyring(keyring)).toEqual([]);
    expect(Object.keys(values)).toHaveLength(8);
    expect(await readAll()).toEqual(values);
  });

  test("gets another master key, and needs the first no more", async () => {
    await openKeys(keyFile("second.key"), join(folder, "archive.key"));
    await db.$transaction((tx) => startMasterRotation(tx, keyring, systemActor));
    const claimed = await claimRotation(keyring.primary.fingerprint);
    if (!claimed) throw new Error("not started");
    const pass = { after: "", damaged: 0 };
    while ((await rewrap(claimed, keyring, pass)) !== "ended");

    await openKeys(join(folder, "second.key"));
    expect(await requireKeyring(keyring)).toEqual([]);
    expect(await readAll()).toEqual(values);
  });

  test("gets another signing key and other fabric keys, with every value resealed", async () => {
    const { privateJwk } = await signingKey();
    expect(await resignFabricKeys(keys, privateJwk)).toEqual({ resigned: 2, refused: [] });
    keys = createFabricKeys(db, keyring, privateJwk);
    for (const { id } of await owner.fabric.findMany({ select: { id: true } })) {
      const pair = await keys.newPair(id);
      await db.$transaction((tx) => startFabricRotation(tx, pair, systemActor));
      const claimed = await claimRotation(keyring.primary.fingerprint);
      if (!claimed) throw new Error("not started");
      // A former key waits until no transaction can need it any more.
      while ((await rotateFabricKey(claimed, { keys, reseal }, 0)) !== "ended");
    }
    const before = tables.fabric_key?.map((row) => Reflect.get(row, "kid")) ?? [];
    expect(await owner.secretField.count({ where: { kid: { in: before } } })).toBe(0);
    expect(await owner.fabricKey.count({ where: { kid: { in: before } } })).toBe(0);
    expect(await readAll()).toEqual(values);
  });
});
