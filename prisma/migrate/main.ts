import "@/lib/protect-process";
import { z } from "zod";
import { programVersion } from "@/lib/program-version";
import { migrate } from "@/prisma/migrate/migration";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";

const environment = z.object({
  /** Postgres, as the owner of the schema. */
  DATABASE_URL: z.url(),
  /** The group roles are `<prefix>_web` and `<prefix>_automate`. */
  DB_ROLE_PREFIX: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,40}$/)
    .default("selvage"),
  /** JSON: login roles to create or update, with their passwords. */
  MIGRATE_LOGINS: z
    .string()
    .default("{}")
    .transform((text) => z.record(z.string(), z.string().min(1)).parse(JSON.parse(text))),
});

try {
  const {
    DATABASE_URL: databaseUrl,
    DB_ROLE_PREFIX: rolePrefix,
    MIGRATE_LOGINS: logins,
  } = parseEnvironment();
  const { applied, ahead } = await migrate({ databaseUrl, rolePrefix, logins, log: console.log });
  if (ahead)
    console.log(
      `The database was migrated by ${ahead}. This is version ${programVersion}. Nothing was changed.`,
    );
  else console.log(applied.length === 0 ? "The database is up to date." : `Applied ${applied.join(", ")}.`);
} catch (error) {
  console.error(error instanceof MigrationRefused ? error.message : error);
  process.exitCode = 1;
}

function parseEnvironment() {
  try {
    return environment.parse(process.env);
  } catch {
    throw new MigrationRefused(
      'Set DATABASE_URL to the owner of the schema (postgres://…). DB_ROLE_PREFIX must be lower case. MIGRATE_LOGINS must be JSON: {"role": "password"}.',
    );
  }
}
