import "server-only";
import { db } from "@/lib/db/client";
import { connectionFault } from "@/lib/db/connection-fault";
import { sqlStateOf } from "@/lib/db/errors";
import { timeLimits } from "@/lib/db/pool";
import { forbiddenRights, neededRights, type Program, type Right } from "@/lib/db/rights";
import { databaseUrl } from "@/lib/env";
import { isOlder, programVersion } from "@/lib/program-version";

/** This program runs under a wrong database identity. The message says what to do. */
export class WrongDatabaseRole extends Error {
  override name = "WrongDatabaseRole";
}

/**
 * Throws when the database role has more rights than this program needs, directly or through a role that it
 * can become.
 */
export async function requireDatabaseRole(program: Program): Promise<void> {
  const [own] = await db.$queryRaw<{ name: string; isMigrated: boolean; isPowerful: boolean }[]>`
    SELECT current_user::text AS name, to_regclass('audit_event') IS NOT NULL AS "isMigrated",
      bool_or(r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication) AS "isPowerful"
    FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')`.catch(unreachable);
  if (!own) throw new Error("The database returned no current role.");
  if (!own.isMigrated)
    throw new WrongDatabaseRole(
      "The database has no tables that this role can see: run npm run migrate first.",
    );
  await requireSchema();
  await requireTimeLimits(own.name);
  if (own.isPowerful) throw tooMuch(own.name, program, "it can manage roles or databases");
  for (const right of forbiddenRights[program])
    if (await holds(right)) throw tooMuch(own.name, program, rightText(right));
  if (!(await holds(neededRights[program][0])))
    throw new WrongDatabaseRole(
      `The database role "${own.name}" lacks the rights of ${program}: run npm run migrate, and make it a member of the ${program} group role.`,
    );
}

/**
 * Throws when the schema does not fit this program: it requires a newer program, or it was not migrated to
 * this version.
 */
async function requireSchema(): Promise<void> {
  const [schema] = await db.$queryRaw<{ minimum: string; migratedBy: string }[]>`
    SELECT "minimumProgramVersion" AS minimum, "migratedBy" FROM schema_info`.catch((error: unknown) => {
    if (["42P01", "42501"].includes(sqlStateOf(error) ?? "")) return [];
    return unreachable(error);
  });
  const prefix = `The database was migrated by ${schema ? `version ${schema.migratedBy}` : "an older version"}, and this is ${programVersion}`;
  if (!schema || isOlder(schema.migratedBy, programVersion))
    throw new WrongDatabaseRole(`${prefix}: run npm run migrate of this version first.`);
  if (isOlder(programVersion, schema.minimum))
    throw new WrongDatabaseRole(
      `${prefix}: it needs version ${schema.minimum} or newer. Nothing was changed.`,
    );
}

/**
 * Throws when a pooler dropped the time limits that `openPool` sets. A query without a limit could hold its
 * connection indefinitely.
 */
async function requireTimeLimits(role: string): Promise<void> {
  const [missing] = await db.$queryRaw<{ name: string }[]>`
    SELECT name FROM pg_settings
    WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout') AND setting = '0'`;
  if (!missing) return;
  const settings = Object.entries(timeLimits).map(
    ([name, ms]) => `ALTER ROLE "${role}" SET ${name} = ${ms};`,
  );
  throw new WrongDatabaseRole(
    `The pooler in front of the database drops the setting ${missing.name}. Run this as the owner of the database, then restart the pooler:\n${settings.join("\n")}`,
  );
}

async function holds({ table, right, column }: Right): Promise<boolean> {
  const [answer] = column
    ? await db.$queryRaw<{ held: boolean }[]>`
        SELECT coalesce(bool_or(has_column_privilege(r.oid, ${table}, ${column}, ${right})), false) AS held
        FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')`
    : await db.$queryRaw<{ held: boolean }[]>`
        SELECT coalesce(bool_or(has_table_privilege(r.oid, ${table}, ${right})), false) AS held
        FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')`;
  return answer?.held ?? false;
}

function rightText({ table, right, column }: Right): string {
  return `it may ${right} ${column ? `${table}.${column}` : table}`;
}

function tooMuch(name: string, program: Program, why: string): WrongDatabaseRole {
  return new WrongDatabaseRole(
    `The database role "${name}" can do more than ${program} may (${why}): use a login that is only a member of the ${program} group role.`,
  );
}

function unreachable(cause: unknown): never {
  throw new WrongDatabaseRole(connectionFault(cause, databaseUrl()).sentence, { cause });
}
