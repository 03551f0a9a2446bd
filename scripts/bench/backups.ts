import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { startPostgres } from "@/launcher/embedded-postgres.mjs";
import { seedLarge } from "@/scripts/bench/seed";
import { createTestAutomates } from "@/testing/automate";
import { createBackupProgram } from "@/testing/backup-program";
import preparePrograms from "@/testing/built-programs";
import { createEmptyDatabase, createTestDatabase } from "@/testing/database";
import { createTestKeys } from "@/testing/keys";

/*
 * How long backup, restore and drill take, with Postgres as shipped:
 *   THOUSANDS=100 npm run bench:backups
 */
const thousands = Number(process.env.THOUSANDS ?? 100);
const dir = await mkdtemp(join("/tmp", "selvage-bench-"));
const postgres = await startPostgres({ dir, password: "bench", flags: ["max_connections=100"] });
Object.assign(process.env, { TEST_DATABASE_URL: postgres.url("postgres"), TEST_TEMPLATE: "bench_template" });
const keys = await createTestKeys();
Object.assign(process.env, keys.web, keys.automate);
const urls = await createTestDatabase("automate");
const removePrograms = preparePrograms();
const automates = createTestAutomates(() => ({ ...keys.automate, AUTOMATE_DATABASE_URL: urls.automateUrl }));
const program = createBackupProgram();
try {
  await seedLarge(urls, { thousands });
  const automate = await automates.start({ NODE_ENV: "production" });
  const parent = join(dir, "backups");
  const env = {
    DATABASE_URL: urls.ownerUrl,
    AUTOMATE_URL: automate.internalUrl,
    AUTOMATE_PUBLIC_KEY: keys.web.AUTOMATE_PUBLIC_KEY,
    DB_ROLE_PREFIX: "bench",
    ...keys.operator,
  };
  await measure("backup", env, "backup", "--to", parent);
  console.log(`| size of the backup | ${((await sizeOf(parent)) / 1e6).toFixed(1)} MB |`);
  await measure(
    "restore",
    { ...env, DATABASE_URL: await createEmptyDatabase() },
    "restore",
    "--from",
    parent,
  );
  await measure("drill, 1,000 values", env, "drill", "--from", parent);
  await measure("drill, all values", env, "drill", "--from", parent, "--sample", "all");
} finally {
  automates.stopAll();
  removePrograms();
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exit(0);

async function measure(name: string, env: Record<string, string>, ...args: string[]): Promise<void> {
  const begin = performance.now();
  const { code, output } = await program.run(env, ...args);
  if (code !== 0) throw new Error(output);
  console.log(`| ${name} | ${((performance.now() - begin) / 1000).toFixed(1)} s |`);
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
