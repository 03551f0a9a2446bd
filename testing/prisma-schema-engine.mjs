#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import { Pool } from "pg";

// Prisma's schema engine from npm, for Prisma's command line, which would download it from another host.
// Like the binary that it replaces, it receives JSON-RPC requests, one a line.

const { values, positionals } = parseArgs({
  options: { datamodels: { type: "string", multiple: true }, datasource: { type: "string" } },
  strict: false,
  allowPositionals: true,
});
// The command line asks first whether it can connect. Its other requests find out.
if (positionals[0] === "cli") process.exit(0);

const charOid = 18;
const charArrayOid = 1002;

/**
 * The engine reads catalogue columns of the one-byte type "char", which the adapter rejects. Reported as an
 * array type, they arrive as characters.
 */
class CatalogueAdapterFactory extends PrismaPg {
  async connect() {
    const adapter = await super.connect();
    // The adapter's own method would split at every semicolon.
    adapter.executeScript = async (script) => void (await pool.query(script));
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      const { Character, CharacterArray } = ColumnTypeEnum;
      const columnTypes = result.columnTypes.map((type) => (type === CharacterArray ? Character : type));
      return { ...result, columnTypes };
    };
    return adapter;
  }
}

const pool = new Pool({ connectionString: JSON.parse(values.datasource).url });
const query = pool.query.bind(pool);
pool.query = async (...args) => {
  const result = await query(...args);
  for (const field of result.fields ?? []) if (field.dataTypeID === charOid) field.dataTypeID = charArrayOid;
  return result;
};

// The package's own entry imports a .wasm file as a module, which Node.js cannot.
const wasm = import.meta.resolve("@prisma/schema-engine-wasm/schema_engine_bg").replace(/js$/, "wasm");
const imports = { "./schema_engine_bg.js": bindings };
const { instance } = await WebAssembly.instantiate(await readFile(new URL(wasm)), imports);
bindings.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

const datamodels = values.datamodels?.map(async (path) => [path, await readFile(path, "utf8")]);
const engine = await bindings.SchemaEngine.new(
  { datamodels: datamodels && (await Promise.all(datamodels)) },
  () => {},
  bindMigrationAwareSqlAdapterFactory(new CatalogueAdapterFactory(pool)),
);

const send = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  // The answer to "print" has no method.
  if (!method) continue;
  try {
    const result = await engine[method](params);
    if (result?.stdout) send({ id: "print", method: "print", params: { content: result.stdout } });
    send({ id, result: result ?? null });
  } catch ({ message, code }) {
    send({ id, error: { code: 4466, message, data: { is_panic: false, message, error_code: code } } });
  }
}
process.exit();
