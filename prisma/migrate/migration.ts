import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { connectionFault } from "@/lib/db/connection-fault";
import { sqlStateOf } from "@/lib/db/errors";
import { isOlder, programVersion } from "@/lib/program-version";
import { applyMigrations, migrationNames } from "@/prisma/migrate/apply-migrations";
import { applyDataSteps } from "@/prisma/migrate/data-steps";
import { dropJobSchema } from "@/prisma/migrate/drop-job-schema";
import { prismaFolder } from "@/prisma/migrate/folder";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";
import type { Log } from "@/prisma/migrate/migration-script";
import { createPartitions } from "@/prisma/partitions/partitions";

export type MigrationOptions = {
  /** The owner of the schema, with CREATEROLE unless all roles exist. */
  databaseUrl: string;
  /** Roles belong to the cluster, not the database, so two installations in one cluster need two prefixes. */
  rolePrefix: string;
  /** Passwords of the login roles to create or update, by name. */
  logins: Readonly<Record<string, string>>;
  /** Receives a sentence when a migration waits. */
  log?: Log;
};

const programs = ["web", "automate"] as const;
// One migration at a time per database: the lock of earlier versions, then that of Prisma's `migrate deploy`.
const advisoryLocks = [7_353_871_942, 72_707_369] as const;

/**
 * The applied migrations; or the newer version in `ahead`, if the database is newer and nothing was changed.
 */
export type Migrated = { applied: string[]; ahead?: string };

/**
 * Brings the database to this version's state: roles, tables, grants, logins. Idempotent. Leaves a database
 * that a newer version migrated unchanged, including its grants, because that version's programs may be
 * running.
 */
export async function migrate({
  databaseUrl,
  rolePrefix,
  logins,
  log = () => undefined,
}: MigrationOptions): Promise<Migrated> {
  return asMigrator(databaseUrl, async (client) => {
    const ahead = await newerVersion(client);
    if (ahead) return { applied: [], ahead };
    // First, so that an owner without the right fails before anything is changed.
    await createGroupRoles(client, rolePrefix);
    const applied = await migrateSchema(client, databaseUrl, log);
    await admitPrograms(client, { rolePrefix, logins });
    await client.query(`UPDATE schema_info SET "migratedBy" = $1`, [programVersion]);
    return { applied };
  });
}

/** Brings tables and data to this version's state, without roles and rights. Returns the names of what it applied. */
export async function migrateSchema(client: Client, databaseUrl: string, log: Log): Promise<string[]> {
  const applied = await applyMigrations(client, databaseUrl, log);
  applied.push(...(await applyDataSteps(client)));
  await createPartitions(client, { databaseUrl, log });
  await dropJobSchema(client, log);
  return applied;
}

/** Runs `work` as the owner, while no other migration or restore runs on this database. */
export async function asMigrator<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => {});
    throw new MigrationRefused(connectionFault(cause, databaseUrl).sentence, { cause });
  }
  try {
    for (const lock of advisoryLocks) await waitForLock(client, lock);
    return await work(client);
  } catch (cause) {
    if (cause instanceof MigrationRefused || sqlStateOf(cause) !== "42501") throw cause;
    const login = decodeURIComponent(new URL(databaseUrl).username);
    throw new MigrationRefused(
      `The login "${login}" may not change the schema: set DATABASE_URL to the owner of the schema.`,
      { cause },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Asks repeatedly. One query that waits would hold a snapshot, and CREATE INDEX CONCURRENTLY of the session
 * with the lock waits for every older snapshot.
 */
async function waitForLock(client: Client, lock: number): Promise<void> {
  const isTaken = async () =>
    (await client.query("SELECT pg_try_advisory_lock($1) AS taken", [lock])).rows[0].taken;
  while (!(await isTaken())) await sleep(200);
}

/** The newer version that migrated this database; undefined if none did. */
async function newerVersion(client: Client): Promise<string | undefined> {
  const has = async (table: string) =>
    (await client.query("SELECT to_regclass($1) IS NOT NULL AS exists", [table])).rows[0].exists;
  if (await has("schema_info")) {
    const { rows } = await client.query(`SELECT "migratedBy" FROM schema_info`);
    if (rows[0] && isOlder(programVersion, rows[0].migratedBy)) return `version ${rows[0].migratedBy}`;
  }
  if (!(await has("_prisma_migrations"))) return undefined;
  const { rows } = await client.query<{ name: string }>(
    `SELECT migration_name AS name FROM "_prisma_migrations"
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL AND migration_name <> ALL ($1) ORDER BY 1`,
    [await migrationNames()],
  );
  return rows.length === 0
    ? undefined
    : `a version with ${rows.map(({ name }) => name).join(", ")}, which this version does not have`;
}

/** Creates the programs' roles, grants and logins, which a copy of a migrated database lacks. */
export async function admitPrograms(
  client: Client,
  { rolePrefix, logins }: Omit<MigrationOptions, "databaseUrl">,
): Promise<void> {
  await createGroupRoles(client, rolePrefix);
  await grant(client, rolePrefix);
  for (const [login, password] of Object.entries(logins)) await setLogin(client, rolePrefix, login, password);
}

/** Creates the group roles, or throws `MigrationRefused` with the statements for someone who may. */
export async function createGroupRoles(client: Client, prefix: string): Promise<void> {
  const missing = [];
  for (const program of programs) {
    if (!(await roleExists(client, `${prefix}_${program}`)))
      missing.push(`CREATE ROLE ${escapeIdentifier(`${prefix}_${program}`)} NOLOGIN`);
  }
  if (missing.length > 0) await manageRoles(client, missing);
}

async function grant(client: Client, prefix: string) {
  const template = await readFile(new URL("grants.sql", prismaFolder), "utf8");
  const sql = template.replace(/(?<!:):(web|automate)\b/g, (_match, program) =>
    escapeIdentifier(`${prefix}_${program}`),
  );
  await client.query("BEGIN");
  await client.query(sql);
  await client.query("COMMIT");
}

async function setLogin(client: Client, prefix: string, login: string, password: string) {
  const program = programs.find((name) => login.endsWith(`_${name}_login`));
  if (!program)
    throw new MigrationRefused(`The login role "${login}" must end in _web_login or _automate_login.`);
  const name = escapeIdentifier(login);
  const verb = (await roleExists(client, login)) ? "ALTER" : "CREATE";
  await manageRoles(client, [
    `${verb} ROLE ${name} LOGIN PASSWORD ${escapeLiteral(password)}`,
    `GRANT ${escapeIdentifier(`${prefix}_${program}`)} TO ${name}`,
  ]);
}

async function roleExists(client: Client, name: string): Promise<boolean> {
  return (await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name])).rowCount === 1;
}

async function manageRoles(client: Client, statements: string[]) {
  try {
    for (const statement of statements) await client.query(statement);
  } catch (cause) {
    if (sqlStateOf(cause) !== "42501") throw cause;
    // The message may end up in a terminal's history or a log, so it shows no password. The operator chooses
    // one.
    const sql = statements
      .map((statement) => `  ${statement.replace(/PASSWORD .*/, "PASSWORD '…'")};`)
      .join("\n");
    throw new MigrationRefused(
      `The database user may not manage roles. Ask someone who may to run these statements, then try again:\n${sql}`,
      { cause },
    );
  }
}
