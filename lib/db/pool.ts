import "server-only";
import { AsyncResource } from "node:async_hooks";
import { Client, type ClientConfig, Pool } from "pg";
import { isRefused } from "@/lib/db/errors";
import { type Ending, watchConnection } from "@/lib/db/writes";
import { databaseUrl } from "@/lib/env";
import { noteOutageOf, noteOutages } from "@/lib/outages";
import { processState } from "@/lib/process-state";

/** How long a request waits for a connection, and how long a statement may run, in milliseconds. */
export const queryTimeoutMs = 15_000;
/**
 * The client's limit is longer, so that Postgres cancels the statement and reports it before the client gives
 * up.
 */
const clientTimeoutMs = queryTimeoutMs + 1_000;
/**
 * Longer than any transaction of Selvage. If a program hangs in a transaction, Postgres ends it and releases
 * its locks.
 */
const idleInTransactionMs = 60_000;

/** The settings of each connection that limit its queries and transactions, in milliseconds. */
export const timeLimits = {
  statement_timeout: queryTimeoutMs,
  idle_in_transaction_session_timeout: idleInTransactionMs,
};

/**
 * The most connections of a program. Postgres does not work faster with more, and other programs need some too.
 */
const maxConnections = 20;

const shared = processState<{ pool: Pool }>();

/** The connection pool of this program, for Prisma and for prepared queries. Connects at the first use. */
export function pool(): Pool {
  shared.pool ??= openPool(databaseUrl());
  return shared.pool;
}

/** Closes the pool of this program. A later use opens a new one. */
export async function closePool(): Promise<void> {
  const closing = shared.pool;
  delete shared.pool;
  await closing?.end();
}

/**
 * Opens a connection pool. Both the server and the client limit each query's time. A pooler may drop the
 * server's limits, so programs verify them at start (`lib/db/role.ts`).
 */
export function openPool(address: string, max = maxConnections): Pool {
  const url = new URL(address);
  const schema = url.searchParams.get("schema");
  url.searchParams.delete("schema");
  const settings = {
    ...timeLimits,
    ...(schema ? { search_path: schema } : {}),
  };
  const pool = new Pool({
    connectionString: url.href,
    max,
    connectionTimeoutMillis: queryTimeoutMs,
    query_timeout: clientTimeoutMs,
    allowExitOnIdle: true,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
    Client: WatchedClient,
  });
  // The pool replaces a broken idle connection at the next query.
  pool.on("error", () => undefined);
  // A waiting caller gets its connection in the async context of the request that released one. Without this,
  // its writes would count for that request.
  const connect = pool.connect.bind(pool) as (done?: Connected) => unknown;
  Reflect.set(pool, "connect", (done?: Connected) => {
    if (!done) return noteOutageOf(connect() as Promise<unknown>);
    const note = noteOutages();
    return connect(
      AsyncResource.bind((...answer: unknown[]) => {
        note(answer[0]);
        done(...answer);
      }),
    );
  });
  return pool;
}

type Connected = (...answer: unknown[]) => void;
type Answered = (error: unknown, result: unknown) => void;

/** A connection that reports the outcome of each write, and that closes when an answer times out. */
class WatchedClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    // Without a listener, Node.js throws this error. The pool has no listener while a connection is in use;
    // the running query fails anyway.
    this.on("error", () => undefined);
    const watch = watchConnection();
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    const end = (error: unknown): Ending => {
      if (!error) return "done";
      if (isRefused(error)) return "refused";
      // Queries queued behind it would wait for the same answer.
      if (error instanceof Error && error.message === "Query read timeout") void this.end().catch(() => {});
      return "unanswered";
    };
    Reflect.set(this, "query", (...args: unknown[]) => {
      const ended = watch(textOf(args[0]));
      const note = noteOutages();
      const at = args.findLastIndex((arg) => typeof arg === "function");
      if (at >= 0) {
        const answered = args[at] as Answered;
        args[at] = (error: unknown, result: unknown) => {
          ended(end(error));
          note(error);
          answered(error, result);
        };
        return query(...args);
      }
      const answer = query(...args);
      if (!(answer instanceof Promise)) return answer;
      return answer.then(
        (result: unknown) => {
          ended("done");
          return result;
        },
        (error: unknown) => {
          ended(end(error));
          note(error);
          throw error;
        },
      );
    });
  }
}

function textOf(query: unknown): string {
  if (typeof query === "string") return query;
  const text = typeof query === "object" && query !== null && "text" in query ? query.text : undefined;
  return typeof text === "string" ? text : "";
}
