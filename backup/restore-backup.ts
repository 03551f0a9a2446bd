import type { Client } from "pg";
import { setFormats } from "@/backup/connect";
import { type EndedByRestore, endRestoredAccess } from "@/backup/end-restored-access";
import { loadTables } from "@/backup/load-tables";
import type { VerifiedBackup } from "@/backup/read-backup";
import { BackupRefused } from "@/backup/refused";
import { type StoppedWork, stopRestoredWork } from "@/backup/stop-restored-work";
import { appliedMigrations, columnExists, tableExists, tablesOf } from "@/backup/tables";
import { eventsJson, insertEvents } from "@/lib/audit/record";
import { commandLine } from "@/lib/users/provision";
import { applyMigrations } from "@/prisma/migrate/apply-migrations";
import { asMigrator, createGroupRoles, migrate, migrateSchema } from "@/prisma/migrate/migration";

export type Restored = { access: EndedByRestore; work: StoppedWork };
type Log = (sentence: string) => void;
type Target = { databaseUrl: string; log?: Log };

/**
 * Restores a backup into an empty database. All rows arrive in one transaction, which also ends the access that
 * they bring back: an interrupted restore leaves either no rows, and can run again, or all of them, and
 * `npm run migrate` completes it. Roles, rights and functions come from this program, never from the backup.
 */
export async function restoreBackup(
  backup: VerifiedBackup,
  {
    databaseUrl,
    rolePrefix,
    logins,
    keepAccess,
    log = () => undefined,
  }: Target & { rolePrefix: string; logins: Readonly<Record<string, string>>; keepAccess: boolean },
): Promise<Restored> {
  const restored = await asMigrator(databaseUrl, async (client) => {
    await requireEmpty(client, backup);
    // Before anything is changed.
    await createGroupRoles(client, rolePrefix);
    return fill(client, backup, { databaseUrl, keepAccess, log });
  });
  await migrate({ databaseUrl, rolePrefix, logins, log });
  return restored;
}

/** Restores a backup into a database that only the owner can read, for a drill. Creates no roles or rights. */
export async function restoreForDrill(
  backup: VerifiedBackup,
  { databaseUrl, log = () => undefined }: Target,
): Promise<void> {
  await asMigrator(databaseUrl, async (client) => {
    await requireEmpty(client, backup);
    await fill(client, backup, { databaseUrl, keepAccess: false, log });
    await migrateSchema(client, databaseUrl, log);
  });
}

async function fill(
  client: Client,
  backup: VerifiedBackup,
  { databaseUrl, keepAccess, log }: { databaseUrl: string; keepAccess: boolean; log: Log },
): Promise<Restored> {
  await applyMigrations(client, databaseUrl, log, backup.manifest.migrations);
  await setFormats(client);
  await client.query("BEGIN");
  try {
    await loadTables(client, backup);
    const access = await endRestoredAccess(client, keepAccess);
    const work = await stopRestoredWork(client);
    await recordRestore(client, backup, { ...access.counts, keepAccess });
    // The first backups are from before this column.
    if (await columnExists(client, "schema_info", "restoredAt"))
      await client.query(`UPDATE schema_info SET "restoredAt" = now()`);
    await client.query("COMMIT");
    // Otherwise the first queries are planned for empty tables.
    await client.query("ANALYZE");
    return { access, work };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** Tables whose rows the migrations write. */
const ofMigrations: readonly string[] = ["schema_info", "data_step"];

/** Throws `BackupRefused` unless the database has no tables, or those of the backup's migrations without rows. */
async function requireEmpty(client: Client, { manifest }: VerifiedBackup): Promise<void> {
  const tables = (await tablesOf(client)).map(({ name }) => name);
  if (tables.length === 0) return;
  if (!(await tableExists(client, "_prisma_migrations")))
    throw new BackupRefused(
      `The database is not empty: it has the table "${tables[0]}" of another program. Create a new database, and set DATABASE_URL to it. Nothing was changed.`,
    );
  for (const table of tables.filter((name) => !ofMigrations.includes(name))) {
    const { rows } = await client.query(`SELECT EXISTS (SELECT FROM "${table}") AS filled`);
    if (rows[0].filled) throw new BackupRefused(await whyFilled(client, manifest.id, table));
  }
  const later = (await appliedMigrations(client)).filter((name) => !manifest.migrations.includes(name));
  if (later.length > 0)
    throw new BackupRefused(
      `The database has no rows, but its schema is newer than the backup (${later.length} migrations). Create a new database, and do not run npm run migrate before the restore. Nothing was changed.`,
    );
}

async function whyFilled(client: Client, backupId: string, table: string): Promise<string> {
  const { rows } = await client.query(
    "SELECT EXISTS (SELECT FROM audit_event WHERE action = 'backup.restore' AND \"objectId\" = $1) AS restored",
    [backupId],
  );
  return rows[0].restored
    ? "This backup was already restored here, with all rows. If the restore was interrupted afterwards, npm run migrate completes it. Nothing was changed."
    : `The database is not empty: its table "${table}" has rows. Create a new database, and set DATABASE_URL to it. Nothing was changed.`;
}

async function recordRestore(
  client: Client,
  { manifest }: VerifiedBackup,
  details: Record<string, number | boolean>,
): Promise<void> {
  const { id, takenAt } = manifest;
  await client.query(insertEvents, [
    eventsJson([
      {
        actor: commandLine,
        teamId: null,
        fabricId: null,
        action: "backup.restore",
        object: { kind: "backup", id, name: takenAt },
        details: { takenAt, ...details },
      },
    ]),
  ]);
}
