import type { Client } from "pg";

/** A table and its columns, in an order in which each table comes after those that it references. */
export type Table = { name: string; columns: string[] };

/**
 * Rows that mean something to running programs only: rates of one minute, and leases of work under way. A
 * restored lease would stop work that nobody does.
 */
const transient: readonly string[] = ["rate_window", "web_rate_window", "check_lease"];
/** Each database writes its own. */
const records = "_prisma_migrations";

/** The tables that a backup contains. The rows of partitions are those of their table. */
export async function tablesOf(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table & { references: string[] }>(
    `SELECT c.relname::text AS name,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
       (SELECT coalesce(array_agg(t.relname::text), '{}') FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS references
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> ALL ($1)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1`,
    [[records, ...transient]],
  );
  const byName = new Map(rows.map((row) => [row.name, row]));
  const ordered = new Set<string>();
  const visit = (name: string) => {
    const row = byName.get(name);
    if (!row || ordered.has(name)) return;
    for (const referenced of row.references) visit(referenced);
    ordered.add(name);
  };
  for (const { name } of rows) visit(name);
  return [...ordered].flatMap((name) => {
    const row = byName.get(name);
    return row ? [{ name, columns: row.columns }] : [];
  });
}

/** The migrations that are applied in this database, in order. */
export async function appliedMigrations(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM ${records}
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

export async function tableExists(client: Client, name: string): Promise<boolean> {
  return (await client.query("SELECT to_regclass($1) IS NOT NULL AS exists", [name])).rows[0].exists;
}

export async function columnExists(client: Client, table: string, column: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2",
    [table, column],
  );
  return rowCount === 1;
}
