import { mkdir, readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { migrate } from "@/prisma/migrate/migration";
import { prismaCli } from "@/testing/prisma-cli";

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
await migrate({ databaseUrl, rolePrefix: "selvage", logins: {} });
const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
const folder = fileURLToPath(new URL(`../prisma/migrations/${stamp}_${name}/`, import.meta.url));
const file = `${folder}migration.sql`;
await mkdir(folder, { recursive: true });
const diff = ["migrate", "diff", "--from-config-datasource", "--to-schema", "prisma", "--script"];
const { output } = await prismaCli(databaseUrl, ...diff, "--output", file);
const sql = await readFile(file, "utf8").catch(() => undefined);
const isEmpty = sql?.includes("This is an empty migration");
if (sql === undefined || isEmpty) await rm(folder, { recursive: true });
if (sql === undefined) throw new Error(output);
console.log(isEmpty ? "The migrations already lead to the schema." : file);
