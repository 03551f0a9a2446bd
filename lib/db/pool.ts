import "server-only";
import { AsyncResource } from "node:async_hooks";
import { Client, type ClientConfig, DatabaseError, Pool } from "pg";
import { type Ending, watchConnection } from "@/lib/db/writes";
import { noteOutageOf, noteOutages } from "@/lib/outages";

/** How long a request waits for a connection, and a statement may run. */
export const patienceMs = 15_000;
/** The client waits longer, so that Postgres ends a statement, and says so, before nobody listens any more. */
const answerMs = patienceMs + 1_000;
/** Longer than any transaction of ours: one whose program hangs lets go of its locks. */
const idleInTransactionMs = 60_000;

/** Connections to this program's database. Every statement has a time limit, on both sides. */
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
  // A connection that breaks while nobody uses it is replaced by the next query.
  pool.on("error", () => undefined);
  // A caller that waits gets its connection from whoever releases one: its query must not count as a write of that request.
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

/** A connection that says of each write how it ended, and that is closed when an answer does not come in time. */
class WatchedClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    // Without a listener, Node.js throws it: the pool has none while somebody holds the connection, whose query fails anyway.
    this.on("error", () => undefined);
    const watch = watchConnection();
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    const end = (error: unknown): Ending => {
      if (!error) return "done";
      if (isAnswer(error)) return "refused";
      // What is behind it in the queue would wait for the same answer.
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

/** True when Postgres answered that it did not do a statement; a connection that it ends may have been committing. */
function isAnswer(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === "ERROR";
}
