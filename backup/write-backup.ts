import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { JWK } from "jose";
import { type Client, escapeIdentifier } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { withCleanUp } from "@/backup/clean-up";
import { asOwner } from "@/backup/connect";
import {
  type BackupTable,
  backupFormat,
  type Manifest,
  manifestFile,
  signatureFile,
} from "@/backup/manifest";
import { BackupRefused } from "@/backup/refused";
import { writeSigningKey } from "@/backup/signing-key";
import { appliedMigrations, type Table, tableExists, tablesOf } from "@/backup/tables";
import type { BackupStatement } from "@/lib/backups/schema";
import { sqlStateOf } from "@/lib/db/errors";
import { programVersion } from "@/lib/program-version";
import { migrationNames } from "@/prisma/migrate/apply-migrations";

const lockTimeoutMs = 30_000;

export type WrittenBackup = { folder: string; manifest: Manifest; bytes: number };

/**
 * Writes all rows of one moment into a new folder below `parent`, while the programs run: values as they are
 * stored, sealed. `sign` has automate sign it, with one of `publicKeys`. The folder gets its final name last, so that
 * an interrupted backup is never taken for a complete one.
 */
export async function writeBackup({
  databaseUrl,
  parent,
  sign,
  publicKeys,
}: {
  databaseUrl: string;
  parent: string;
  sign: (statement: BackupStatement, bytes: number) => Promise<string>;
  publicKeys: readonly JWK[];
}): Promise<WrittenBackup> {
  const draft = join(parent, `.unfinished-${randomUUID()}`);
  // Password hashes and hashes of tokens are in it.
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const discard = () => rm(draft, { recursive: true, force: true });
  return withCleanUp(discard, async () => {
    const manifest = await asOwner(databaseUrl, (client) => writeTables(client, draft)).catch(explain);
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    const bytes = manifest.tables.reduce((sum, table) => sum + table.bytes, 0);
    const digest = createHash("sha256").update(text).digest("hex");
    const statement = { backup: manifest.id, takenAt: manifest.takenAt, manifest: digest };
    const signature = await sign(statement, bytes);
    await writeSigningKey(draft, signature, publicKeys);
    await writeFile(join(draft, manifestFile), text, { mode: 0o600, flush: true });
    await writeFile(join(draft, signatureFile), `${signature}\n`, { mode: 0o600, flush: true });
    const folder = join(parent, nameOf(manifest));
    await rename(draft, folder);
    await syncFolder(parent);
    return { folder, manifest, bytes };
  });
}

/** The names of backups sort by their time. */
function nameOf({ takenAt, id }: Manifest): string {
  return `selvage-${takenAt.replace(/\.\d+Z$/, "Z").replaceAll(":", "-")}-${id.slice(0, 8)}`;
}

function explain(error: unknown): never {
  if (sqlStateOf(error) === "55P03")
    throw new BackupRefused(
      "Another session changes a table, such as a migration: try again when it has ended.",
      {
        cause: error,
      },
    );
  if (error instanceof Error && "code" in error && error.code === "ENOSPC")
    throw new BackupRefused("No space is left in the folder of the backup. Nothing was kept.", {
      cause: error,
    });
  throw error;
}

async function writeTables(client: Client, folder: string): Promise<Manifest> {
  if (!(await tableExists(client, "_prisma_migrations")))
    throw new BackupRefused("The database has no tables of Selvage: check DATABASE_URL.");
  const tables = await tablesOf(client);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  // Before the first query, which takes the snapshot: no migration can change a table in between.
  await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
  await client.query(
    `LOCK TABLE ${tables.map(({ name }) => escapeIdentifier(name)).join(", ")} IN ACCESS SHARE MODE`,
  );
  const migrations = await appliedMigrations(client);
  const known = new Set(await migrationNames());
  const unknown = migrations.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new BackupRefused(
      `A newer version migrated the database (${unknown.join(", ")}): use the backup command of that version.`,
    );
  const { rows } = await client.query<{ at: Date }>("SELECT clock_timestamp() AS at");
  const facts = {
    format: backupFormat,
    id: randomUUID(),
    takenAt: (rows[0]?.at ?? new Date()).toISOString(),
    programVersion,
    migrations,
    masterKeys: await masterKeysOf(client),
    ...(await countsOf(client)),
  };
  const written: BackupTable[] = [];
  for (const table of await tablesOf(client)) written.push(await writeTable(client, folder, table));
  await client.query("COMMIT");
  return { ...facts, tables: written };
}

async function writeTable(client: Client, folder: string, { name, columns }: Table): Promise<BackupTable> {
  const file = `${name}.copy.gz`;
  const list = columns.map(escapeIdentifier).join(", ");
  // A query, because Postgres copies no partitioned table itself.
  const rows = client.query(copyTo(`COPY (SELECT ${list} FROM ${escapeIdentifier(name)}) TO STDOUT`));
  const hash = createHash("sha256");
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const target = createWriteStream(join(folder, file), { mode: 0o600, flush: true });
  await pipeline(rows, createGzip({ level: 1 }), measured, target);
  return { name, columns, rows: rows.rowCount, file, bytes, sha256: hash.digest("hex") };
}

async function masterKeysOf(client: Client): Promise<Manifest["masterKeys"]> {
  const described = await tableExists(client, "master_key");
  const { rows } = await client.query<Manifest["masterKeys"][number]>(
    described
      ? `SELECT k."masterKeyId" AS fingerprint, count(*)::int AS "fabricKeys",
           coalesce(min(m.label), '') AS label, coalesce(min(m.provider), '') AS provider
         FROM fabric_key k LEFT JOIN master_key m ON m.fingerprint = k."masterKeyId" GROUP BY 1 ORDER BY 1`
      : `SELECT "masterKeyId" AS fingerprint, count(*)::int AS "fabricKeys", '' AS label, '' AS provider
         FROM fabric_key GROUP BY 1 ORDER BY 1`,
  );
  return rows;
}

async function countsOf(client: Client): Promise<{ fabrics: number; values: number }> {
  const { rows } = await client.query(
    "SELECT (SELECT count(*)::int FROM fabric) AS fabrics, (SELECT count(*)::int FROM secret_field) AS values",
  );
  return rows[0];
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder.
  if (process.platform === "win32") return;
  const folder = await open(path);
  await folder.sync();
  await folder.close();
}
