import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type Client, escapeIdentifier } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { BackupTable } from "@/backup/manifest";
import type { VerifiedBackup } from "@/backup/read-backup";
import { BackupRefused } from "@/backup/refused";
import { tablesOf } from "@/backup/tables";

/**
 * Fills the tables of a database that has exactly the backup's migrations and no rows of its own. Call it in a
 * transaction. Verifies each file again while it reads it.
 */
export async function loadTables(client: Client, { folder, manifest }: VerifiedBackup): Promise<void> {
  const present = await tablesOf(client);
  const byName = new Map(manifest.tables.map((table) => [table.name, table]));
  const differing = present.filter(({ name, columns }) => {
    const stored = byName.get(name);
    return stored === undefined || [...stored.columns].sort().join() !== [...columns].sort().join();
  });
  if (differing.length > 0 || present.length !== manifest.tables.length)
    throw new BackupRefused(
      `The tables of the backup differ from those of its migrations (${differing.map(({ name }) => name).join(", ")}): it was not made by a released version.`,
    );
  // Migrations insert rows about the schema, which the backup has too.
  await client.query(`TRUNCATE ${present.map(({ name }) => escapeIdentifier(name)).join(", ")}`);
  for (const { name } of present) {
    const table = byName.get(name);
    if (table) await loadTable(client, folder, table);
  }
}

async function loadTable(client: Client, folder: string, table: BackupTable): Promise<void> {
  const { name, columns, rows, file, sha256 } = table;
  const list = columns.map(escapeIdentifier).join(", ");
  const target = client.query(copyFrom(`COPY ${escapeIdentifier(name)} (${list}) FROM STDIN`));
  const hash = createHash("sha256");
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const path = join(folder, file);
  await pipeline(createReadStream(path), measured, createGunzip(), target);
  if (hash.digest("hex") !== sha256 || target.rowCount !== rows)
    throw new BackupRefused(`${path} changed while it was read. Nothing was changed.`);
}
