import { readdir } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { findLeaks, findLeaksInFile, type Leak } from "@/testing/canary";

/** Collects the output of `COPY … TO STDOUT`. */
class CopyOut extends pg.Query {
  readonly chunks: Buffer[] = [];
  handleCopyData({ chunk }: { chunk: Buffer }) {
    this.chunks.push(chunk);
  }
}

/** Finds `value` in the tables. Reads each with COPY, as the owner. */
export async function findLeaksInTables(databaseUrl: string, value: string): Promise<Leak[]> {
  return connected(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    );
    const leaks: Leak[] = [];
    for (const { name } of rows) {
      const copy = new CopyOut(`COPY (SELECT * FROM ${name}) TO STDOUT`);
      client.query(copy);
      await new Promise<void>((done, failed) => {
        copy.once("end", done);
        // Another test dropped the table in the meantime.
        copy.once("error", (error: pg.DatabaseError) => (error.code === "42P01" ? done() : failed(error)));
      });
      leaks.push(...findLeaks(`table ${name}`, Buffer.concat(copy.chunks), value));
    }
    return leaks;
  });
}

/**
 * Finds `value` in the database server's files: heaps, indexes, the write-ahead log, and any other file in
 * the folder.
 */
export async function findLeaksInDatabaseFiles(
  databaseUrl: string,
  folder: string,
  value: string,
): Promise<Leak[]> {
  await connected(databaseUrl, (client) => client.query("CHECKPOINT"));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const leaks: Leak[] = [];
  for (const entry of entries) {
    if (entry.isFile()) leaks.push(...(await findLeaksInFile(join(entry.parentPath, entry.name), value)));
  }
  return leaks;
}

/** Finds `value` in the programs' logs. */
export async function findLeaksInLogs(folder: string, value: string): Promise<Leak[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".log"));
  const found = await Promise.all(names.map((name) => findLeaksInFile(join(folder, name), value)));
  return found.flat();
}

async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
