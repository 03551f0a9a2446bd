import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import { Pool, type QueryResult } from "pg";
import { prismaFolder } from "@/prisma/migrate/folder";
import { runMigrationScript } from "@/prisma/migrate/migration-script";

// Prisma's own schema engine as WebAssembly from the registry, because Prisma's command line would download a
// binary from another host. Both use the table `_prisma_migrations`, so `prisma migrate deploy` agrees where
// it is available.

const prismaDir = fileURLToPath(prismaFolder);
const everything = { externalTables: [], externalEnums: [] };

type Engine = Awaited<ReturnType<typeof bindings.SchemaEngine.new>>;

/**
 * Applies the missing migrations in order, and returns their names. `tell` receives a sentence when one
 * waits.
 */
export async function applyMigrations(
  databaseUrl: string,
  run: ScriptRun = { tell: () => undefined },
): Promise<string[]> {
  const apply = async (engine: Engine, pool: Pool) => {
    await forgetFailed(pool);
    const migrationsList = await readMigrations();
    return (await engine.applyMigrations({ migrationsList, filters: everything })).appliedMigrationNames;
  };
  return withEngine(databaseUrl, apply, run);
}

/**
 * Deletes the records of failed migrations, which would block the engine until someone resolves them. A
 * failed migration either changed nothing or can run again (`runMigrationScript`).
 */
async function forgetFailed(pool: Pool): Promise<void> {
  const { rows } = await pool.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS made`);
  if (rows[0].made)
    await pool.query(`DELETE FROM "_prisma_migrations" WHERE finished_at IS NULL AND rolled_back_at IS NULL`);
}

// Marks the migration as finished within its own transaction. The engine does so in a later one: a process
// killed in between would leave an applied migration that would run again.
const finish = `UPDATE "_prisma_migrations" SET finished_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL`;

/** The names of this version's migrations. */
export async function migrationNames(): Promise<string[]> {
  return (await readMigrations()).migrationDirectories.map(({ path }) => path);
}

/** The SQL that takes the migrated database to the schema, or `undefined` when they match. */
export async function diffSchema(databaseUrl: string): Promise<string | undefined> {
  return withEngine(databaseUrl, async (engine) => {
    const files = (await readSchema()).map(([path, content]) => ({ path, content }));
    const { stdout } = await engine.diff({
      from: { tag: "schemaDatasource", files, configDir: prismaDir },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      filters: everything,
    });
    return stdout === null || stdout.trim() === "" || stdout.includes("This is an empty migration")
      ? undefined
      : stdout;
  });
}

type ScriptRun = Parameters<typeof runMigrationScript>[2];

async function withEngine<T>(
  databaseUrl: string,
  use: (engine: Engine, pool: Pool) => Promise<T>,
  run: ScriptRun = { tell: () => undefined },
): Promise<T> {
  await load();
  // The engine does not close the pool, so this code owns it.
  const pool = cataloguePool(databaseUrl);
  const factory = new CatalogueAdapterFactory(pool);
  // Keep the script's own error: the engine's error has only its message.
  let failed: unknown;
  factory.runScript = (script) =>
    runMigrationScript(pool, `${script};\n${finish}`, run).catch((error) => {
      failed = error;
      throw error;
    });
  const adapter = bindMigrationAwareSqlAdapterFactory(factory);
  const engine = await bindings.SchemaEngine.new({ datamodels: await readSchema() }, () => {}, adapter);
  try {
    return await use(engine, pool);
  } catch (error) {
    throw failed ?? error;
  } finally {
    engine.free();
    await pool.end();
  }
}

const charOid = 18;
const charArrayOid = 1002;

/**
 * The engine reads catalogue columns of the one-byte type "char", which the adapter rejects. Reported as an
 * array type, they arrive as characters.
 */
class CatalogueAdapterFactory extends PrismaPg {
  runScript: (script: string) => Promise<void> = async () => undefined;

  override async connect() {
    const adapter = await super.connect();
    // The adapter's own method would split the script and run each statement separately.
    adapter.executeScript = (script) => this.runScript(script);
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      const { Character, CharacterArray } = ColumnTypeEnum;
      return {
        ...result,
        columnTypes: result.columnTypes.map((type) => (type === CharacterArray ? Character : type)),
      };
    };
    return adapter;
  }
}

function cataloguePool(connectionString: string): Pool {
  const pool = new Pool({ connectionString });
  const query = pool.query;
  Reflect.set(pool, "query", async (...args: unknown[]) => {
    const result: QueryResult = await Reflect.apply(query, pool, args);
    for (const field of result.fields ?? [])
      if (field.dataTypeID === charOid) field.dataTypeID = charArrayOid;
    return result;
  });
  return pool;
}

let loaded: Promise<void> | undefined;

/**
 * Loads the engine as the package's own entry does. That entry imports a .wasm file as a module, which Node
 * cannot.
 */
function load(): Promise<void> {
  loaded ??= (async () => {
    const glue = createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg");
    const bytes = await readFile(glue.replace(/\.js$/, ".wasm"));
    const imports = { "./schema_engine_bg.js": bindings as unknown as WebAssembly.ModuleImports };
    const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), imports);
    const { __wbg_set_wasm: setWasm } = bindings as unknown as { __wbg_set_wasm: (exports: object) => void };
    setWasm(instance.exports);
    const { __wbindgen_start: start } = instance.exports;
    if (typeof start !== "function") throw new Error("The schema engine has no start function.");
    start();
  })();
  return loaded;
}

async function readSchema(): Promise<[string, string][]> {
  const names = (await readdir(prismaDir)).filter((name) => name.endsWith(".prisma")).sort();
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const path = join(prismaDir, name);
      return [path, await readFile(path, "utf8")];
    }),
  );
}

async function readMigrations() {
  const baseDir = join(prismaDir, "migrations");
  const entries = await readdir(baseDir, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrationDirectories = await Promise.all(
    names.sort().map(async (path) => {
      const value = await readFile(join(baseDir, path, "migration.sql"), "utf8");
      return { path, migrationFile: { path: "migration.sql", content: { tag: "ok" as const, value } } };
    }),
  );
  const lockfile = { path: "migration_lock.toml", content: 'provider = "postgresql"\n' };
  return { baseDir, lockfile, shadowDbInitScript: "", migrationDirectories };
}
