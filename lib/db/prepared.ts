import "server-only";
import { hash } from "node:crypto";
import { DatabaseError, type Pool, type QueryResultRow } from "pg";
import type { Db, Tx } from "@/lib/db/client";
import { openPool } from "@/lib/db/pool";
import { databaseUrl } from "@/lib/env";
import { noteOutageOf } from "@/lib/outages";

// The few statements that every request needs; see docs/decisions/0011-a-hot-path-beside-prisma.md.

/**
 * The pool a statement uses: one for look-ups, which every request waits for, and one for lists and searches,
 * which may be slow.
 */
type Lane = "look-ups" | "lists";
const connections: Readonly<Record<Lane, number>> = { "look-ups": 8, lists: 8 };

// One set of pools per process, as in `lib/db/client`: Next loads this module once per bundle.
const shared = globalThis as typeof globalThis & { selvageStatements?: Map<string, Pool> };

function poolOf(lane: Lane): Pool {
  shared.selvageStatements ??= new Map();
  // The key includes the database, so that one test file's pool cannot serve the next test file.
  const key = `${lane} ${databaseUrl()}`;
  const pool = shared.selvageStatements.get(key) ?? openLane(connections[lane]);
  shared.selvageStatements.set(key, pool);
  return pool;
}

function openLane(max: number): Pool {
  const url = new URL(databaseUrl());
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  // One generic plan for each statement, with index scans even on a small table: planning costs more than the
  // look-up.
  const plans = { plan_cache_mode: "force_generic_plan", enable_seqscan: "off" };
  return openPool(url.href, { max, settings: { ...plans, ...(schema ? { search_path: schema } : {}) } });
}

export type Statement<Row> = {
  (...values: unknown[]): Promise<readonly Row[]>;
  /** Runs the same statement inside a Prisma transaction, or under another identity. */
  within(client: Db | Tx, ...values: unknown[]): Promise<readonly Row[]>;
};

/** A statement that each connection of this program prepares once. */
export function statement<Row extends QueryResultRow>(text: string, lane: Lane = "look-ups"): Statement<Row> {
  // The name is a hash of the text: bundles of one process share connections but not a list of names.
  const name = hash("sha256", text, "base64url");
  const run = async (...values: unknown[]) => {
    const query = { name, text, values };
    if (lane === "lists") return noteOutageOf(readTogether<Row>(query));
    return (await poolOf(lane).query<Row>(query)).rows;
  };
  return Object.assign(run, {
    within: (client: Db | Tx, ...values: unknown[]) => client.$queryRawUnsafe<Row[]>(text, ...values),
  });
}

type Query = { name: string; text: string; values: unknown[] };

/** List queries that wait for a connection, by statement and values. */
const waiting = new Map<string, Promise<readonly QueryResultRow[]>>();

/**
 * Reads a list. Identical queries that wait for a connection share one read. It starts after each of them
 * arrived, so nobody gets stale rows.
 */
function readTogether<Row extends QueryResultRow>(query: Query): Promise<readonly Row[]> {
  const key = JSON.stringify([query.name, query.values]);
  const reading = waiting.get(key) ?? readNext<Row>(query, () => waiting.delete(key));
  waiting.set(key, reading);
  return reading as Promise<readonly Row[]>;
}

async function readNext<Row extends QueryResultRow>(
  query: Query,
  begin: () => void,
): Promise<readonly Row[]> {
  const client = await poolOf("lists").connect().finally(begin);
  try {
    const { rows } = await client.query<Row>(query);
    client.release();
    return rows;
  } catch (error) {
    // As the pool itself does: it closes a connection whose query failed.
    client.release(true);
    throw error;
  }
}

/** True when Postgres refused a statement and so changed nothing; false when the outcome is unknown. */
export function isRefused(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}

/**
 * True when Postgres refused the data of a statement (class 22, data exception), so that a retry would fail
 * too.
 * Excludes 22007, the code for an audit event that the database did not keep (see `allRecorded`): a retry may
 * succeed.
 */
export function isInvalidText(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return (error.code ?? "").startsWith("22") && error.code !== "22007";
}

/** Closes the pools of prepared queries. */
export async function closeStatements(): Promise<void> {
  const closing = [...(shared.selvageStatements?.values() ?? [])];
  delete shared.selvageStatements;
  await Promise.all(closing.map((pool) => pool.end()));
}
