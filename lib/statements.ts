import "server-only";
import { hash } from "node:crypto";
import { DatabaseError, Pool, type QueryResultRow } from "pg";
import type { Db, Tx } from "@/lib/db";
import { databaseUrl } from "@/lib/env";

// See docs/decisions/0011-a-hot-path-beside-prisma.md: these are the few statements that every request needs.
const patienceMs = 15_000;

/**
 * Whose connections a statement takes: those of look-ups, which every request waits for, or the few of lists and searches, which
 * may take long.
 */
type Lane = "look-ups" | "lists";
const connections: Readonly<Record<Lane, number>> = { "look-ups": 8, lists: 4 };

// One pool of each per process, as of `lib/db`: Next loads this module once per bundle.
const shared = globalThis as typeof globalThis & { selvageStatements?: Map<Lane, Pool> };

function poolOf(lane: Lane): Pool {
  shared.selvageStatements ??= new Map();
  const pool = shared.selvageStatements.get(lane) ?? openPool(connections[lane]);
  shared.selvageStatements.set(lane, pool);
  return pool;
}

function openPool(max: number): Pool {
  const url = new URL(databaseUrl());
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  const made = new Pool({
    connectionString: url.href,
    max,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    allowExitOnIdle: true,
    // One plan for each statement, by its keys, however small a table was at the time: planning anew costs more than the look-up.
    // Postgres gives up when we do, so that no more statements run than there are connections.
    options: `-c statement_timeout=${patienceMs} -c plan_cache_mode=force_generic_plan -c enable_seqscan=off${schema ? ` -c search_path=${schema}` : ""}`,
  });
  // A connection that breaks while nobody uses it is replaced by the next query.
  made.on("error", () => undefined);
  return made;
}

export type Statement<Row> = {
  (...values: unknown[]): Promise<Row[]>;
  /** The same statement as a part of a transaction of Prisma's, or as another identity. */
  within(client: Db | Tx, ...values: unknown[]): Promise<Row[]>;
};

/** A statement that each connection prepares once, as this program's one database identity. */
export function statement<Row extends QueryResultRow>(text: string, lane: Lane = "look-ups"): Statement<Row> {
  // Named by what it says: bundles of one process share their connections, and know nothing of each other's names.
  const name = hash("sha256", text, "base64url");
  const run = async (...values: unknown[]) => {
    const { rows } = await poolOf(lane).query<Row>({ name, text, values });
    return rows;
  };
  return Object.assign(run, {
    within: (client: Db | Tx, ...values: unknown[]) => client.$queryRawUnsafe<Row[]>(text, ...values),
  });
}

/** True when Postgres refused a statement, so that nothing of it was done; false when that cannot be known. */
export function isRefused(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}

/** Closes the connections of these statements. */
export async function closeStatements(): Promise<void> {
  const closing = [...(shared.selvageStatements?.values() ?? [])];
  delete shared.selvageStatements;
  await Promise.all(closing.map((pool) => pool.end()));
}
