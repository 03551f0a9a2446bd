import "server-only";
import { AsyncResource } from "node:async_hooks";
import { Client, type ClientConfig, DatabaseError, Pool } from "pg";
import { type Ending, watchConnection } from "@/lib/db/writes";
import { noteOutageOf, noteOutages } from "@/lib/outages";

/** How long a request waits for a connection, and how long a statement may run, in milliseconds. */
export const patienceMs = 15_000;
/**
 * The client's limit is longer, so that Postgres cancels the statement and reports it before the client gives
 * up.
 */
const answerMs = patienceMs + 1_000;
/**
 * Longer than any transaction of Selvage. If a program hangs in a transaction, Postgres ends it and releases
 * its locks.
 */
const idleInTransactionMs = 60_000;

/**
 * Opens a connection pool for this program's database. Both the server and the client limit each statement's
 * time.
 */
export function openPool(
  url: string,
  { max, settings = {} }: { max: number; settings?: Readonly<Record<string, string | number>> },
): Pool {
  const all = {
    statement_timeout: patienceMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    ...settings,
  };
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: patienceMs,
    query_timeout: answerMs,
    allowExitOnIdle: true,
    options: Object.entries(all)
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
      if (isAnswer(error)) return "refused";
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

/**
 * True when Postgres reported that a statement failed. FATAL does not count: Postgres may have been
 * committing when it ended the connection.
 */
function isAnswer(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}
