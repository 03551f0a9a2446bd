import "server-only";
import { hash } from "node:crypto";
import { DatabaseError, type Pool, type QueryResultRow } from "pg";
import type { Db, Tx } from "@/lib/db/client";
import { openPool } from "@/lib/db/pool";
import { databaseUrl } from "@/lib/env";
import { noteOutageOf } from "@/lib/outages";

// See docs/decisions/0011-a-hot-path-beside-prisma.md: these are the few statements that every request needs.

/**
 * Whose connections a statement takes: those of look-ups, which every request waits for, or those of lists and searches, which
 * may take long.
 */
type Lane = "look-ups" | "lists";
const connections: Readonly<Record<Lane, number>> = { "look-ups": 8, lists: 8 };

// One pool of each per process, as of `lib/db/client`: Next loads this module once per bundle.
const shared = globalThis as typeof globalThis & { selvageStatements?: Map<string, Pool> };

function poolOf(lane: Lane): Pool {
  shared.selvageStatements ??= new Map();
  // By the database too: what a test file left under way must not hand its own to the next file.
  const key = `${lane} ${databaseUrl()}`;
  const pool = shared.selvageStatements.get(key) ?? openLane(connections[lane]);
  shared.selvageStatements.set(key, pool);
  return pool;
}

function openLane(max: number): Pool {
  const url = new URL(databaseUrl());
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  // One plan for each statement, by its keys, however small a table was at the time: planning anew costs more than the look-up.
  const plans = { plan_cache_mode: "force_generic_plan", enable_seqscan: "off" };
  return openPool(url.href, { max, settings: { ...plans, ...(schema ? { search_path: schema } : {}) } });
}

export type Statement<Row> = {
  (...values: unknown[]): Promise<readonly Row[]>;
  /** The same statement as a part of a transaction of Prisma's, or as another identity. */
  within(client: Db | Tx, ...values: unknown[]): Promise<readonly Row[]>;
};

/** A statement that each connection prepares once, as this program's one database identity. */
export function statement<Row extends QueryResultRow>(text: string, lane: Lane = "look-ups"): Statement<Row> {
  // Named by what it says: bundles of one process share their connections, and know nothing of each other's names.
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

/** What waits for one of the connections of lists, by what it asks. */
const waiting = new Map<string, Promise<readonly QueryResultRow[]>>();

/**
 * Reads a list. While it waits for a connection, it waits for whoever else asks the very same: once they are read, everybody has
 * the same rows, as they were after each of them asked.
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
    // As the pool does itself: what failed is not used again.
    client.release(true);
    throw error;
  }
}

/** True when Postgres refused a statement, so that nothing of it was done; false when that cannot be known. */
export function isRefused(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}

/**
 * True when Postgres refused a statement for what it was to store (class 22, data exception): it will do so every time. An audit
 * event that the database did not keep (22007, see `allRecorded`) can be recorded once the database keeps it.
 */
export function isInvalidText(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return (error.code ?? "").startsWith("22") && error.code !== "22007";
}

/** Closes the connections of these statements. */
export async function closeStatements(): Promise<void> {
  const closing = [...(shared.selvageStatements?.values() ?? [])];
  delete shared.selvageStatements;
  await Promise.all(closing.map((pool) => pool.end()));
}
