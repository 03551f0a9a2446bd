import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrationNames } from "@/prisma/migrate/apply-migrations";
import { migrate } from "@/prisma/migrate/migration";
import { runMigrationScript } from "@/prisma/migrate/migration-script";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "@/testing/database";

let urls: TestDatabase;
let pool: Pool;
let rolePrefix: string;

beforeAll(async () => {
  urls = await createTestDatabase("automate", { ownRoles: true });
  pool = new Pool({ connectionString: urls.ownerUrl });
  rolePrefix = new URL(urls.ownerUrl).pathname.slice(1);
});

afterAll(() => pool.end());

const run = (log?: (sentence: string) => void) =>
  migrate({ databaseUrl: urls.ownerUrl, rolePrefix, logins: {}, ...(log ? { log } : {}) });

/** Those of prisma/migrate/data-steps.ts. */
const dataSteps = 4;
const indexMigration = "20261127124045_audit_without_team_index";

/** The state before the migration that drops the index. */
async function undoIndexMigration() {
  await pool.query(`CREATE INDEX IF NOT EXISTS "audit_event_teamId_id_idx" ON audit_event ("teamId", id)`);
  await pool.query(`DELETE FROM "_prisma_migrations" WHERE migration_name = $1`, [indexMigration]);
}

/** Whether web may read a table that only a newer version has. */
async function mayRead(): Promise<boolean> {
  const { rows } = await pool.query("SELECT has_table_privilege($1, 'newer_table', 'SELECT') AS may", [
    `${rolePrefix}_web`,
  ]);
  return rows[0].may;
}

describe("a database that a newer version migrated", () => {
  beforeAll(async () => {
    await pool.query("CREATE TABLE newer_table (id int)");
  });
  const grant = () => pool.query(`GRANT SELECT ON newer_table TO ${rolePrefix}_web`);

  test("is left alone, with its grants, when it has a migration that this version lacks", async () => {
    await grant();
    await pool.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ('newer', 'x', '20990101000000_newer', now(), now(), 1)`,
    );
    expect(await run()).toEqual({ applied: [], ahead: expect.stringContaining("20990101000000_newer") });
    expect(await mayRead()).toBe(true);
    await pool.query(`DELETE FROM "_prisma_migrations" WHERE id = 'newer'`);
  });

  test("is left alone when it has other grants and the same migrations", async () => {
    await grant();
    await pool.query(`UPDATE schema_info SET "migratedBy" = '0.10.0'`);
    expect(await run()).toEqual({ applied: [], ahead: "version 0.10.0" });
    expect(await mayRead()).toBe(true);
    await pool.query(`UPDATE schema_info SET "migratedBy" = '0.1.0'`);
  });

  test("is migrated when it is not newer, and schema_info names the version", async () => {
    await grant();
    expect(await run()).toEqual({ applied: [] });
    expect(await mayRead()).toBe(false);
    const { rows } = await pool.query(`SELECT "migratedBy" FROM schema_info`);
    expect(rows).toEqual([{ migratedBy: "0.5.0" }]);
  });
});

describe("a migration that requires a table which a dump has locked", () => {
  const script = "ALTER TABLE audit_event ADD COLUMN extra int; ALTER TABLE audit_event DROP COLUMN extra;";

  /** Takes a shared read lock, as pg_dump does, until the test releases it. */
  async function startDump() {
    const dump = new Client({ connectionString: urls.ownerUrl, application_name: "pg_dump" });
    await dump.connect();
    await dump.query("BEGIN; LOCK TABLE audit_event IN ACCESS SHARE MODE");
    return dump;
  }

  /** Reads repeatedly. Returns the duration of the slowest read. */
  function readMeanwhile() {
    let isDone = false;
    let slowest = 0;
    const reading = (async () => {
      while (!isDone) {
        const began = performance.now();
        await pool.query("SELECT 1 FROM audit_event LIMIT 1");
        slowest = Math.max(slowest, performance.now() - began);
        await sleep(20);
      }
      return slowest;
    })();
    return () => {
      isDone = true;
      return reading;
    };
  }

  test("lets readers through, names the lock's holder, and continues after the dump", async () => {
    const dump = await startDump();
    await undoIndexMigration();
    const stop = readMeanwhile();
    const logged: string[] = [];
    const { applied } = await run((sentence) => {
      logged.push(sentence);
      void dump.end();
    });
    expect(await stop()).toBeLessThan(3_500);
    expect(applied).toEqual([indexMigration]);
    expect(logged).toEqual([
      expect.stringMatching(
        /^The migration 20261127124045_audit_without_team_index waits for a lock that is held by pg_dump of \w+ \(process \d+, for \d s\)\. Trying again/,
      ),
    ]);
  });

  test("stops after its last attempt and changes nothing", async () => {
    const dump = await startDump();
    const client = await pool.connect();
    const once = { name: "add_extra", log: () => {}, pauses: [] };
    const tried = runMigrationScript(client, pool, {
      ...once,
      script: `CREATE TABLE half_done (); ${script}`,
    });
    await expect(tried).rejects.toThrow(
      /^The migration add_extra requires a lock that is held by pg_dump .* It was stopped and changed nothing/,
    );
    await dump.end();
    const { rows } = await pool.query("SELECT to_regclass('half_done') AS table_name");
    expect(rows).toEqual([{ table_name: null }]);
    await runMigrationScript(client, pool, { ...once, script });
    client.release();
  });
});

test("the error names a failed migration, which can be run again", async () => {
  await undoIndexMigration();
  await pool.query(`DROP INDEX "audit_event_teamId_id_idx"`);
  // The migration drops an index of this name, and fails because this is a table.
  await pool.query(`CREATE TABLE "audit_event_teamId_id_idx" ()`);
  await expect(run()).rejects.toThrow(
    `The migration ${indexMigration} failed: "audit_event_teamId_id_idx" is not an index`,
  );
  await pool.query(`DROP TABLE "audit_event_teamId_id_idx"`);
  await pool.query(`CREATE INDEX "audit_event_teamId_id_idx" ON audit_event ("teamId", id)`);
  expect(await run()).toEqual({ applied: [indexMigration] });
});

test("a migration that was interrupted runs again, and its record says so", async () => {
  await undoIndexMigration();
  await pool.query(
    `INSERT INTO "_prisma_migrations" (id, checksum, migration_name) VALUES ('interrupted', 'x', $1)`,
    [indexMigration],
  );
  expect(await run()).toEqual({ applied: [indexMigration] });
  const { rows } = await pool.query(
    `SELECT finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS "rolledBack"
     FROM "_prisma_migrations" WHERE migration_name = $1 ORDER BY started_at`,
    [indexMigration],
  );
  expect(rows).toEqual([
    { finished: false, rolledBack: true },
    { finished: true, rolledBack: false },
  ]);
  expect(await run()).toEqual({ applied: [] });
});

test("a migration that may be half applied, because it cannot be a transaction, runs again", async () => {
  const name = "20261130104100_stored_kib_index";
  await pool.query(`DELETE FROM "_prisma_migrations" WHERE migration_name = $1`, [name]);
  // The first statement drops the index, and the second one fails.
  await pool.query(`ALTER TABLE secret_version RENAME "storedKib" TO other`);
  await expect(run()).rejects.toThrow(`The migration ${name} failed: column "storedKib" does not exist`);
  const index = `'"secret_version_fabricId_storedKib_idx"'`;
  const hasIndex = async () =>
    (await pool.query(`SELECT to_regclass(${index}) IS NOT NULL AS exists`)).rows[0].exists;
  expect(await hasIndex()).toBe(false);
  await pool.query(`ALTER TABLE secret_version RENAME other TO "storedKib"`);
  expect(await run()).toEqual({ applied: [name] });
  expect(await hasIndex()).toBe(true);
});

test("an applied migration whose file was edited since is not run again", async () => {
  const { rowCount } = await pool.query(
    `UPDATE "_prisma_migrations" SET checksum = 'edited' WHERE migration_name LIKE '%_init'`,
  );
  expect(rowCount).toBe(1);
  expect(await run()).toEqual({ applied: [] });
});

test("a migration and its record are one transaction", async () => {
  await undoIndexMigration();
  await pool.query(
    `CREATE FUNCTION killed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$`,
  );
  await pool.query(
    `CREATE TRIGGER killed BEFORE UPDATE OF finished_at ON "_prisma_migrations" EXECUTE FUNCTION killed()`,
  );
  await expect(run()).rejects.toThrow("killed");
  const { rows } = await pool.query(
    `SELECT to_regclass('"audit_event_teamId_id_idx"') IS NOT NULL AS exists`,
  );
  expect(rows).toEqual([{ exists: true }]);
  await pool.query("DROP FUNCTION killed CASCADE");
  expect(await run()).toEqual({ applied: [indexMigration] });
});

test("two migrations of an empty database at once apply everything once", async () => {
  const databaseUrl = await createEmptyDatabase();
  const both = [1, 2].map(() => migrate({ databaseUrl, rolePrefix, logins: {} }));
  const applied = (await Promise.all(both)).map((one) => one.applied.length);
  expect(applied.sort((one, other) => one - other)).toEqual([0, (await migrationNames()).length + dataSteps]);
});

test("a database with another program's tables is left alone", async () => {
  const databaseUrl = await createEmptyDatabase();
  const other = new Client({ connectionString: databaseUrl });
  await other.connect();
  await other.query("CREATE TABLE customer ()");
  await expect(migrate({ databaseUrl, rolePrefix, logins: {} })).rejects.toThrow(
    "The database has tables of another program",
  );
  const { rows } = await other.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  await other.end();
  expect(rows).toEqual([{ tablename: "customer" }]);
});

test("the error names a login that does not own the schema", async () => {
  const refused = migrate({ databaseUrl: urls.automateUrl, rolePrefix, logins: {} });
  await expect(refused).rejects.toThrow(
    `The login "${new URL(urls.automateUrl).username}" may not change the schema: set DATABASE_URL to the owner of the schema.`,
  );
});

describe("the job tables of earlier versions", () => {
  const isThere = async () =>
    (await pool.query("SELECT to_regclass('pgboss.job') IS NOT NULL AS exists")).rows[0].exists;
  beforeAll(async () => {
    await pool.query(`
      CREATE SCHEMA pgboss;
      CREATE TABLE pgboss.version (version int, maintained_on timestamptz);
      CREATE TABLE pgboss.queue (name text);
      CREATE TABLE pgboss.job (id int);
      INSERT INTO pgboss.version VALUES (24, now() - interval '3 minutes');
      INSERT INTO pgboss.queue VALUES ('background-check'), ('__pgboss__send-it')`);
  });

  test("stay while a copy of such a version may run", async () => {
    await run();
    expect(await isThere()).toBe(true);
  });

  test("stay when they contain somebody else's queue", async () => {
    await pool.query("UPDATE pgboss.version SET maintained_on = now() - interval '61 minutes'");
    await pool.query("INSERT INTO pgboss.queue VALUES ('nightly')");
    await run();
    expect(await isThere()).toBe(true);
    await pool.query("DELETE FROM pgboss.queue WHERE name = 'nightly'");
  });

  test("stay until the next migration while a dump reads them, and block no other query", async () => {
    const dump = await pool.connect();
    await dump.query("BEGIN; LOCK TABLE pgboss.job IN ACCESS SHARE MODE");
    const migrated = run();
    await Promise.race([migrated, sleep(10_000)]);
    const isHeld = await isThere();
    await dump.query("ROLLBACK");
    dump.release();
    await migrated;
    expect([isHeld, await isThere()]).toEqual([true, true]);
  });

  test("are dropped after an hour without a running copy", async () => {
    await run();
    expect(await isThere()).toBe(false);
  });
});
