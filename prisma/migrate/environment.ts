import * as z from "zod";
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

/** The database settings that migrate and restore need. Throws `MigrationRefused`. */
export function ownerOptions(): {
  databaseUrl: string;
  rolePrefix: string;
  logins: Readonly<Record<string, string>>;
} {
  try {
    const { DATABASE_URL, DB_ROLE_PREFIX, MIGRATE_LOGINS } = environment.parse(process.env);
    return { databaseUrl: DATABASE_URL, rolePrefix: DB_ROLE_PREFIX, logins: MIGRATE_LOGINS };
  } catch {
    throw new MigrationRefused(
      'Set DATABASE_URL to the owner of the schema (postgres://…). DB_ROLE_PREFIX must be lower case. MIGRATE_LOGINS must be JSON: {"role": "password"}.',
    );
  }
}
