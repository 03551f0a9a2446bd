import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { signStatement } from "@/lib/backups/statement";

/** A new folder for backups. */
export function backupFolder(): string {
  return mkdtempSync(join(tmpdir(), "selvage-backups-"));
}

/** Signs as automate does, with the test's signing key. */
export function signAsAutomate(signingKey: string) {
  return (statement: { backup: string; takenAt: string; manifest: string }) =>
    signStatement("selvage-backup", statement, JSON.parse(signingKey));
}

/** Runs one query as the owner. */
export async function queryAs<T extends object>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** All rows of all tables but the given ones, as text, by table. */
export async function allRows(url: string, without: readonly string[]): Promise<Record<string, string[]>> {
  const tables = await queryAs<{ name: string }>(
    url,
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL ($1)
       AND NOT (SELECT relispartition FROM pg_class WHERE oid = format('%I', tablename)::regclass) ORDER BY 1`,
    [without],
  );
  const rows: Record<string, string[]> = {};
  for (const { name } of tables)
    rows[name] = (
      await queryAs<{ row: string }>(url, `SELECT t::text AS row FROM "${name}" t ORDER BY 1`)
    ).map(({ row }) => row);
  return rows;
}
