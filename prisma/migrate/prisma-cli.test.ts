import { setTimeout as sleep } from "node:timers/promises";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrationNames } from "@/prisma/migrate/apply-migrations";
import { migrate } from "@/prisma/migrate/migration";
import { createEmptyDatabase, createTestDatabase } from "@/testing/database";
import { prismaCli } from "@/testing/prisma-cli";

let databaseUrl: string;
let rolePrefix: string;
let pool: Pool;

beforeAll(async () => {
  databaseUrl = (await createTestDatabase("automate", { ownRoles: true })).ownerUrl;
  rolePrefix = new URL(databaseUrl).pathname.slice(1);
  pool = new Pool({ connectionString: databaseUrl });
});

afterAll(() => pool.end());

const ours = async (url = databaseUrl) =>
  (await migrate({ databaseUrl: url, rolePrefix, logins: {} })).applied;
const theirs = async (command: "deploy" | "status", url = databaseUrl) =>
  (await prismaCli(url, "migrate", command)).output;

/** The rows that Prisma and our runner both store for a finished migration. */
async function records(client: Pool | Client) {
  const { rows } = await client.query(
    `SELECT migration_name, checksum, applied_steps_count, logs, length(id) AS id, finished_at >= started_at AS ended
     FROM "_prisma_migrations" WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY 1`,
  );
  return rows;
}

describe.skipIf(process.platform === "win32")("Prisma's own command line", { timeout: 120_000 }, () => {
  test("has nothing to do after ours", async () => {
    expect(await theirs("status")).toContain("Database schema is up to date!");
    expect(await theirs("deploy")).toContain("No pending migrations to apply.");
  });

  test("leaves the rest to ours after its own failure, and both write the same records", async () => {
    const url = await createEmptyDatabase();
    // It runs several statements as one transaction, in which an index cannot be dropped concurrently.
    expect(await theirs("deploy", url)).toContain("20261129210000_alarm_events");
    expect(await theirs("deploy", url)).toContain("P3009");
    expect((await ours(url))[0]).toBe("20261129210000_alarm_events");
    expect(await theirs("status", url)).toContain("Database schema is up to date!");
    const client = new Client({ connectionString: url });
    await client.connect();
    const both = await records(client);
    await client.end();
    expect(both).toHaveLength((await migrationNames()).length);
    expect(both).toEqual(await records(pool));
  });

  test("applies what ours could not apply", async () => {
    const name = "20261127124045_audit_without_team_index";
    await pool.query(`DELETE FROM "_prisma_migrations" WHERE migration_name = $1`, [name]);
    await pool.query(`CREATE TABLE "audit_event_teamId_id_idx" ()`);
    await expect(ours()).rejects.toThrow(name);
    expect(await theirs("status")).toMatch(new RegExp(`have not yet been applied:\n${name}`));
    await pool.query(`DROP TABLE "audit_event_teamId_id_idx"`);
    await pool.query(`CREATE INDEX "audit_event_teamId_id_idx" ON audit_event ("teamId", id)`);
    expect(await theirs("deploy")).toContain("All migrations have been successfully applied.");
    expect(await ours()).toEqual([]);
  });

  test("refuses after a migration of ours that may be half applied, which ours runs again", async () => {
    const name = "20261130104100_stored_kib_index";
    await pool.query(`DELETE FROM "_prisma_migrations" WHERE migration_name = $1`, [name]);
    await pool.query(`ALTER TABLE secret_version RENAME "storedKib" TO other`);
    await expect(ours()).rejects.toThrow(`The migration ${name} failed: column "storedKib" does not exist`);
    expect(await theirs("deploy")).toMatch(
      new RegExp(`P3009[^]*The \`${name}\` migration started at .* failed`),
    );
    await pool.query(`ALTER TABLE secret_version RENAME other TO "storedKib"`);
    expect(await ours()).toEqual([name]);
    expect(await theirs("status")).toContain("Database schema is up to date!");
  });

  test("ignores an applied migration whose file was edited, as ours does", async () => {
    await pool.query(
      `UPDATE "_prisma_migrations" SET checksum = 'edited' WHERE migration_name LIKE '%_init'`,
    );
    expect(await ours()).toEqual([]);
    expect(await theirs("deploy")).toContain("No pending migrations to apply.");
  });
});

test("a migration waits for Prisma's lock", async () => {
  const holder = await pool.connect();
  await holder.query("SELECT pg_advisory_lock(72707369)");
  let isDone = false;
  const migrated = ours().then(() => {
    isDone = true;
  });
  const asking = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()
    AND EXISTS (SELECT FROM pg_locks WHERE pg_locks.pid = pg_stat_activity.pid AND locktype = 'advisory')`;
  while (!isDone && (await pool.query(asking)).rowCount === 0) await sleep(20);
  const isWaiting = !isDone;
  await holder.query("SELECT pg_advisory_unlock(72707369)");
  holder.release();
  await migrated;
  expect(isWaiting).toBe(true);
});
