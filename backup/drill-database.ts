import { createHash, randomBytes } from "node:crypto";
import { type Client, escapeIdentifier } from "pg";
import { withCleanUp } from "@/backup/clean-up";
import { asOwner } from "@/backup/connect";
import { BackupRefused } from "@/backup/refused";
import { tablesOf } from "@/backup/tables";
import { sqlStateOf } from "@/lib/db/errors";

/** The prefix of the drill databases of one database: another installation may drill on the same server. */
function prefixOf(databaseUrl: string): string {
  const digest = createHash("sha256").update(new URL(databaseUrl).pathname).digest("hex");
  return `selvage_drill_${digest.slice(0, 8)}_`;
}

/**
 * Runs `work` on a new database beside the owner's, and drops it in any case. Without the right to create one,
 * the operator names an empty database in `drillUrl`, which is emptied again.
 */
export async function inDrillDatabase<T>(
  { databaseUrl, drillUrl }: { databaseUrl: string; drillUrl: string | undefined },
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (drillUrl !== undefined) return inGivenDatabase(drillUrl, work);
  const prefix = prefixOf(databaseUrl);
  const name = `${prefix}${randomBytes(8).toString("hex")}`;
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  const drop = () =>
    asOwner(databaseUrl, async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    });
  return withCleanUp(drop, async () => {
    await asOwner(databaseUrl, (client) => create(client, prefix, name));
    return work(url.href);
  });
}

/** Creates the database, which only its owner may enter. */
async function create(client: Client, prefix: string, name: string): Promise<void> {
  await dropAbandoned(client, prefix);
  await client.query(`CREATE DATABASE ${name}`).catch((cause) => {
    if (sqlStateOf(cause) !== "42501") throw cause;
    throw new BackupRefused(
      "The owner of the database may not create databases: grant it CREATEDB, or set DRILL_DATABASE_URL to an empty database of its own.",
      { cause },
    );
  });
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
}

async function inGivenDatabase<T>(drillUrl: string, work: (url: string) => Promise<T>): Promise<T> {
  await asOwner(drillUrl, async (client) => {
    const [table] = await tablesOf(client);
    if (table)
      throw new BackupRefused(
        `The database of DRILL_DATABASE_URL is not empty: it has the table "${table.name}". Nothing was changed.`,
      );
  });
  return withCleanUp(
    () => asOwner(drillUrl, emptySchema),
    () => work(drillUrl),
  );
}

/** Drops what a restore creates: tables with their types, and functions. The schema itself may be another's. */
async function emptySchema(client: Client): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format('DROP TABLE IF EXISTS %I.%I CASCADE', n.nspname, c.relname) AS statement
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
     UNION ALL
     SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = current_schema()
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
     UNION ALL
     SELECT format('DROP TYPE IF EXISTS %I.%I CASCADE', n.nspname, t.typname)
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = current_schema() AND t.typtype = 'e'`,
  );
  for (const { statement } of rows) await client.query(statement);
}

/** Drops the databases of this database's drills that were killed: nobody is connected to them. */
async function dropAbandoned(client: Client, prefix: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT d.datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba AND r.rolname = current_user
     WHERE d.datname ~ '^${prefix}[0-9a-f]{16}$'
       AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)`,
  );
  for (const { name } of rows) await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`);
}
