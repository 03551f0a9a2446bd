import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { type Client, escapeLiteral, Pool } from "pg";
import { prismaFolder } from "@/prisma/migrate/folder";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";
import { type Log, runMigrationScript } from "@/prisma/migrate/migration-script";

// The records are those of Prisma's own `migrate deploy` and `migrate status`: each side continues where the
// other stopped.

const folder = new URL("migrations/", prismaFolder);

/** The names of this version's migrations, in the order in which they run. */
export async function migrationNames(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * Applies the missing migrations in order, and returns their names. `client` is the owner and holds the lock.
 * `log` receives a sentence when a migration waits. `names` are this version's migrations, or those of a backup.
 * Throws an error that names the migration.
 */
export async function applyMigrations(
  client: Client,
  databaseUrl: string,
  log: Log,
  names?: readonly string[],
): Promise<string[]> {
  await createRecords(client);
  // A failed migration changed nothing, or can run again (`runMigrationScript`). Prisma's `migrate deploy`
  // refuses until an operator runs `migrate resolve --rolled-back`, which sets the same column.
  await client.query(
    `UPDATE "_prisma_migrations" SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL`,
  );
  const { rows } = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM "_prisma_migrations" WHERE rolled_back_at IS NULL`,
  );
  const applied = new Set(rows.map(({ name }) => name));
  const missing = (names ?? (await migrationNames())).filter((name) => !applied.has(name));
  const observer = new Pool({ connectionString: databaseUrl, max: 1 }).on("error", () => {});
  try {
    for (const name of missing)
      await runMigrationScript(client, observer, { name, script: await recordedScript(name), log });
  } finally {
    await observer.end();
  }
  return missing;
}

/** The migration's file between the start and the end of its record. In a transaction, neither exists alone. */
async function recordedScript(name: string): Promise<string> {
  const file = await readFile(new URL(`${name}/migration.sql`, folder), "utf8");
  const checksum = createHash("sha256").update(file).digest("hex");
  return `INSERT INTO "_prisma_migrations" (id, checksum, migration_name)
    VALUES (gen_random_uuid(), '${checksum}', ${escapeLiteral(name)});
${file};
UPDATE "_prisma_migrations" SET finished_at = clock_timestamp(), applied_steps_count = 1
    WHERE finished_at IS NULL AND rolled_back_at IS NULL;`;
}

/** Creates Prisma's table of records, in an empty database only. */
async function createRecords(client: Client): Promise<void> {
  const { rows } = await client.query<{ exists: boolean; tables: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists, EXISTS (
       SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'spatial_ref_sys') AS tables`,
  );
  if (rows[0]?.exists) return;
  if (rows[0]?.tables)
    throw new MigrationRefused(
      "The database has tables of another program, and no record of migrations: set DATABASE_URL to an empty database.",
    );
  await client.query(
    `CREATE TABLE "_prisma_migrations" (
       id varchar(36) PRIMARY KEY,
       checksum varchar(64) NOT NULL,
       finished_at timestamptz,
       migration_name varchar(255) NOT NULL,
       logs text,
       rolled_back_at timestamptz,
       started_at timestamptz NOT NULL DEFAULT now(),
       applied_steps_count integer NOT NULL DEFAULT 0
     )`,
  );
}
