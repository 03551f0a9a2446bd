import { readFile } from "node:fs/promises";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { applyDataSteps } from "@/scripts/data-steps";
import { createJobSchema } from "@/scripts/job-schema";
import { applyMigrations } from "@/scripts/schema-engine";

export type MigrationOptions = {
  /** The owner of the schema, with CREATEROLE unless all roles exist. */
  databaseUrl: string;
  /** Roles belong to the cluster, not the database: two installations in one cluster take two prefixes. */
  rolePrefix: string;
  /** Login roles to create or bring up to date, by name: their passwords. */
  logins: Readonly<Record<string, string>>;
};

/** Something an operator has to do first; the message says what. */
export class MigrationRefused extends Error {
  override name = "MigrationRefused";
}

const programs = ["web", "automate"] as const;
// Any fixed number: one migration at a time per database.
const advisoryLock = 7_353_871_942;

/** Brings the database to the state that this version needs: roles, tables, grants, logins. Running it again changes nothing. */
export async function migrate({ databaseUrl, rolePrefix, logins }: MigrationOptions): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => {});
    throw new MigrationRefused(
      `The database at ${place(databaseUrl)} cannot be reached (${reason(cause)}).`,
      { cause },
    );
  }
  try {
    await client.query("SELECT pg_advisory_lock($1)", [advisoryLock]);
    // First of all, so that nothing is half done for an owner who may not.
    await createGroupRoles(client, rolePrefix);
    const applied = await applyMigrations(databaseUrl);
    applied.push(...(await applyDataSteps(client)));
    await createJobSchema(client);
    await admitPrograms(client, { rolePrefix, logins });
    return applied;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Gives the programs their roles, grants and logins: what the copy of a migrated database lacks. */
export async function admitPrograms(
  client: Client,
  { rolePrefix, logins }: Omit<MigrationOptions, "databaseUrl">,
): Promise<void> {
  await createGroupRoles(client, rolePrefix);
  await grant(client, rolePrefix);
  for (const [login, password] of Object.entries(logins)) await setLogin(client, rolePrefix, login, password);
}

async function createGroupRoles(client: Client, prefix: string) {
  const missing = [];
  for (const program of programs) {
    if (!(await roleExists(client, `${prefix}_${program}`)))
      missing.push(`CREATE ROLE ${escapeIdentifier(`${prefix}_${program}`)} NOLOGIN`);
  }
  if (missing.length > 0) await manageRoles(client, missing);
}

async function grant(client: Client, prefix: string) {
  const template = await readFile(new URL("../prisma/grants.sql", import.meta.url), "utf8");
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
    throw new MigrationRefused(`The login role "${login}" has to end in _web_login or _automate_login.`);
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
    if (!isPostgresError(cause, "42501")) throw cause;
    // Whoever reads this may be a terminal or a log: the password is for the operator to choose.
    const sql = statements
      .map((statement) => `  ${statement.replace(/PASSWORD .*/, "PASSWORD '…'")};`)
      .join("\n");
    throw new MigrationRefused(
      `The database's user may not manage roles; let somebody who may run this, then try again:\n${sql}`,
      { cause },
    );
  }
}

function isPostgresError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function place(databaseUrl: string): string {
  try {
    const { hostname, port } = new URL(databaseUrl);
    return `${hostname}:${port || "5432"}`;
  } catch {
    return "DATABASE_URL";
  }
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown reason";
  // A name with several addresses fails with one error for each, and an empty message.
  if (cause.message === "" && "code" in cause) return String(cause.code);
  return cause.message;
}
