import "server-only";
import { DatabaseError, Pool, type QueryResultRow } from "pg";
import { databaseUrl } from "@/lib/env";

// See docs/decisions/0011-a-hot-path-beside-prisma.md: these are the few statements that every request of a pipeline needs.
const patienceMs = 15_000;
let pool: Pool | undefined;

function openPool(): Pool {
  const url = new URL(databaseUrl());
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  const made = new Pool({
    connectionString: url.href,
    max: 8,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    allowExitOnIdle: true,
    // One plan for each statement, by its keys, however small a table was at the time: planning anew costs more than the look-up.
    options: `-c plan_cache_mode=force_generic_plan -c enable_seqscan=off${schema ? ` -c search_path=${schema}` : ""}`,
  });
  // A connection that breaks while nobody uses it is replaced by the next query.
  made.on("error", () => undefined);
  return made;
}

/** A statement that each connection prepares once, as this program's one database identity. */
export function statement<Row extends QueryResultRow>(
  name: string,
  text: string,
): (...values: unknown[]) => Promise<Row[]> {
  return async (...values) => {
    pool ??= openPool();
    const { rows } = await pool.query<Row>({ name, text, values });
    return rows;
  };
}

/** True when Postgres refused a statement, so that nothing of it was done; false when that cannot be known. */
export function isRefused(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}

/** Closes the connections of these statements. */
export async function closeStatements(): Promise<void> {
  const closing = pool;
  pool = undefined;
  await closing?.end();
}
