import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { applyMigrations, diffSchema } from "@/prisma/migrate/schema-engine";

// Writes the next migration: the difference between the schema and the migrations. Review it before you
// commit it.
const [name] = process.argv.slice(2);
const { DATABASE_URL: databaseUrl } = process.env;
if (!name || !/^[a-z0-9_]+$/.test(name) || !databaseUrl) {
  console.error(
    "Usage: npm run db:diff -- name_of_the_migration (with DATABASE_URL of an empty database, which it fills)",
  );
  process.exit(1);
}
await applyMigrations(databaseUrl);
const sql = await diffSchema(databaseUrl);
if (sql === undefined) {
  console.log("The migrations already lead to the schema.");
} else {
  const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const folder = fileURLToPath(new URL(`../prisma/migrations/${stamp}_${name}/`, import.meta.url));
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}migration.sql`, sql);
  console.log(`${folder}migration.sql`);
}
// The engine leaves its lock's ten-second timer running, which would delay the exit.
process.exit(0);
